"""Statements of banks as they come: camt in its versions, and FiDAViSta."""

from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

OURS = "LV44DEMO0000000000001"
HERS = "LV17DEMO0000000000002"
V2, V8 = "001.02", "001.08"
FIDAVISTA = "http://www.bankasoc.lv/fidavista/fidavista0101.xsd"


def tx(amount: str | None = None, text: str = "", ref: str = "", payer: str = "Anna Ozoliņa", iban: str = HERS, version: str = V2, more: str = "") -> str:
    """One payment in an entry, as this version has it."""
    name = f"<Nm>{payer}</Nm>" if version == V2 else f"<Pty><Nm>{payer}</Nm></Pty>"
    sums = "" if amount is None else f'<AmtDtls><TxAmt><Amt Ccy="EUR">{amount}</Amt></TxAmt></AmtDtls>' if version == V2 else f'<Amt Ccy="EUR">{amount}</Amt>'
    free = "".join(f"<Ustrd>{part}</Ustrd>" for part in text.split("|") if part)
    coded = f"<Strd><CdtrRefInf><Ref>{ref}</Ref></CdtrRefInf></Strd>" if ref else ""
    parties = f"<RltdPties><Dbtr>{name}</Dbtr><DbtrAcct><Id><IBAN>{iban}</IBAN></Id></DbtrAcct></RltdPties>"
    return f"<TxDtls><Refs><EndToEndId>NOTPROVIDED</EndToEndId></Refs>{more}{sums}{parties}<RmtInf>{free}{coded}</RmtInf></TxDtls>"


def ntry(amount: str, *parts: str, name: str = "REF1", sign: str = "CRDT", status: str = "<Sts>BOOK</Sts>", ccy: str = "EUR", back: str = "", batch: str = "", day: str = "2026-11-20") -> str:
    """One entry; `parts`: its TxDtls."""
    inside = f"<NtryDtls>{f'<Btch><NbOfTxs>{batch}</NbOfTxs></Btch>' if batch else ''}{''.join(parts)}</NtryDtls>"
    servicer = f"<AcctSvcrRef>{name}</AcctSvcrRef>" if name else ""
    reversal = f"<RvslInd>{back}</RvslInd>" if back else ""
    return f'<Ntry><Amt Ccy="{ccy}">{amount}</Amt><CdtDbtInd>{sign}</CdtDbtInd>{reversal}{status}<BookgDt><Dt>{day}</Dt></BookgDt>{servicer}{inside}</Ntry>'


def camt(*entries: str, kind: str = "053", version: str = V2, encoding: str = "UTF-8", head: str = "") -> bytes:
    """A whole file."""
    outer, inner = ("BkToCstmrStmt", "Stmt") if kind == "053" else ("BkToCstmrDbtCdtNtfctn", "Ntfctn")
    namespace = f"urn:iso:std:iso:20022:tech:xsd:camt.{kind}.{version}"
    text = f'<?xml version="1.0" encoding="{encoding}"?>{head}<Document xmlns="{namespace}"><{outer}><GrpHdr><MsgId>1</MsgId></GrpHdr><{inner}><Id>1</Id><Acct><Id><IBAN>{OURS}</IBAN></Id></Acct>{"".join(entries)}</{inner}></{outer}></Document>'
    return text.encode(encoding)


def trx(amount: str, text: str = "", name: str = "B1", sign: str = "C", payer: str = "Anna Ozoliņa") -> str:
    """One payment of FiDAViSta."""
    return f"<TrxSet><TypeCode>INP</TypeCode><BookDate>2026-11-20</BookDate><BankRef>{name}</BankRef><CorD>{sign}</CorD><AccAmt>{amount}</AccAmt><PmtInfo>{text}</PmtInfo><CPartySet><AccNo>{HERS}</AccNo><AccHolder><Name>{payer}</Name></AccHolder></CPartySet></TrxSet>"


def fidavista(*payments: str, encoding: str = "UTF-8", namespace: str = FIDAVISTA, ccy: str = "EUR") -> bytes:
    """A whole file."""
    text = f'<?xml version="1.0" encoding="{encoding}"?><FIDAVISTA xmlns="{namespace}"><Header/><Statement><Period/><AccountSet><AccNo>{OURS}</AccNo><CcyStmt><Ccy>{ccy}</Ccy><OpenBal>0</OpenBal>{"".join(payments)}</CcyStmt></AccountSet></Statement></FIDAVISTA>'
    return text.encode(encoding)


def cells(data: bytes) -> tuple[list[list[str]], list[tuple[Any, ...]]]:
    """What is read of a file, without the names that we give, and what is refused."""
    from jobs.exchange.statements import Statement

    refused: list[tuple[Any, ...]] = []
    found = [row[1:] for _, row in Statement(data, lambda *what: refused.append(what)).records()]
    return found, refused


def amounts(data: bytes) -> Iterable[str]:
    return [row[2] for row in cells(data)[0]]


def bring(app: Any, *entries: str) -> Any:
    """The operator's bank tells of these entries, by the command; what came of it."""
    from jobs.exchange import import_folder

    held = app.extensions["ekabinets"]
    with TemporaryDirectory() as folder:
        Path(folder, "exchange.toml").write_text("version = 1\n", "utf-8")
        Path(folder, "bank").mkdir()
        Path(folder, "bank", "1.xml").write_bytes(camt(*entries))
        return import_folder(held.database, held.storage, held.site, held.settings.identifier_key, Path(folder))
