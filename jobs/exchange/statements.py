"""Statements of banks: camt.053, camt.054 and FiDAViSta, whatever their version, as rows of bank_entries.

Each entry is read alone: what is no money that came in for somebody's invoice is refused by its number.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from hashlib import sha256
from xml.etree.ElementTree import Element

from jobs.exchange.cells import Refused, money
from jobs.exchange.xml import tree

_KINDS = {"BkToCstmrStmt": "camt", "BkToCstmrDbtCdtNtfctn": "camt", "Statement": "FiDAViSta"}
_BATCH = "a batch with all of its parts, which add up to it; read its camt.054"
# The bank's name of an entry, its place in a batch, its cells; column, value and what is expected where it is wrong.
_Line = tuple[str, int, list[str], tuple[str, str, str] | None]


class Statement:
    """The entries of one file, as `jobs.exchange.sheet` gives the rows of a table: numbers begin with 1."""

    header = ("external_id", "account", "date", "amount", "payer", "payer_iban", "reference", "text")
    complete, part = False, 1.0  # never all that there is

    def __init__(self, data: bytes, refuse: Callable[[int, str, str, str], None]) -> None:
        """Raises `Refused` where it is no statement."""
        root = tree(data)
        kind = next((_KINDS[part.tag] for part in root if part.tag in _KINDS), "")
        if not kind or (kind == "FiDAViSta") != (root.tag == "FIDAVISTA"):
            raise Refused("a statement of a bank: camt.053, camt.054 or FiDAViSta")
        self.format, self._refuse = ("xml", kind), refuse
        self._lines = _camt(root) if kind == "camt" else _fidavista(root)

    def records(self) -> Iterator[tuple[int, list[str]]]:
        """Number of the entry, and its cells."""
        again: Counter[str] = Counter()
        for number, (ref, place, cells, wrong) in enumerate(self._lines, 1):
            if wrong:
                self._refuse(number, *wrong)
                continue
            what = f"{cells[0]}|{ref}|{place}" if ref else "|".join(cells)
            again[what] += not ref  # without a name the same twice in a file is two payments, in two files one
            yield number, [sha256(f"{what}|{again[what]}".encode()).hexdigest()[:40], *cells]


def _wrong(currency: str, *, is_in: bool, is_back: bool = False) -> tuple[str, str, str] | None:
    """Money of a payer that went back is taken, money that we had sent and that came back is not."""
    if currency != "EUR":
        return "currency", currency, "EUR"
    return None if is_in != is_back else ("amount", "", "money that came in")


def _first(element: Element, *paths: str) -> str:
    """The first of these that says something."""
    return next((text for path in paths if (text := " ".join((element.findtext(path) or "").split()))), "")


def _camt(root: Element) -> Iterator[_Line]:
    for statement in root.iterfind("*/*"):
        account = _first(statement, "Acct/Id/IBAN", "Acct/Id/Othr/Id")
        for entry in statement.iterfind("Ntry"):
            parts = entry.findall("NtryDtls/TxDtls") or [entry]
            wrong = _unless_whole(entry, parts)
            if (status := _first(entry, "Sts/Cd", "Sts") or "BOOK") != "BOOK":
                wrong = "status", status, "an entry that is booked (BOOK)"
            for place, part in enumerate(parts):
                yield _of_camt(account, entry, part, place, wrong)


def _of_camt(account: str, entry: Element, part: Element, place: int, wrong: tuple[str, str, str] | None) -> _Line:
    amount = part if len(entry.findall("NtryDtls/TxDtls")) > 1 else entry
    back = _first(entry, "RvslInd").lower() in ("true", "1")
    sums = amount.find("Amt"), amount.find("AmtDtls/TxAmt/Amt")
    one = next((found for found in sums if found is not None), Element("Amt"))
    is_in = (_first(part, "CdtDbtInd") or _first(entry, "CdtDbtInd")) == "CRDT"
    free = " ".join(said.text or "" for said in part.iterfind("RmtInf/Ustrd"))
    cells = [
        account, _first(entry, "BookgDt/Dt", "BookgDt/DtTm")[:10], "-" * back + (one.text or "").strip(),
        _first(part, "RltdPties/Dbtr/Nm", "RltdPties/Dbtr/Pty/Nm")[:140],
        _first(part, "RltdPties/DbtrAcct/Id/IBAN")[:34], _first(part, "RmtInf/Strd/CdtrRefInf/Ref")[:140],
        (" ".join(free.split()) or _first(part, "AddtlTxInf") or _first(entry, "AddtlNtryInf"))[:500],
    ]  # fmt: skip
    ref = _first(entry, "AcctSvcrRef") or _first(part, "Refs/AcctSvcrRef")
    return ref, place, cells, wrong or _wrong(one.get("Ccy", ""), is_in=is_in, is_back=back)


def _unless_whole(entry: Element, parts: list[Element]) -> tuple[str, str, str] | None:
    """Nothing where an entry is one payment, or a batch that comes with its parts."""
    is_whole = len(parts) == 1 and _first(entry, "NtryDtls/Btch/NbOfTxs") in ("", "0", "1")
    if len(parts) > 1:
        with suppress(Refused):
            sums = [money(_first(part, "Amt", "AmtDtls/TxAmt/Amt")) for part in parts]
            is_whole = sum(sums) == money(_first(entry, "Amt"))
    return None if is_whole else ("amount", _first(entry, "Amt"), _BATCH)


def _fidavista(root: Element) -> Iterator[_Line]:
    for account in root.iterfind("Statement/AccountSet"):
        for currency in account.iterfind("CcyStmt"):
            for one in currency.iterfind("TrxSet"):
                payer, iban = _first(one, "CPartySet/AccHolder/Name"), _first(one, "CPartySet/AccNo")
                day, text = _first(one, "BookDate", "RegDate", "ValueDate"), _first(one, "PmtInfo")
                cells = [_first(account, "AccNo"), day, _first(one, "AccAmt"), payer[:140], iban[:34], "", text[:500]]
                wrong = _wrong(_first(currency, "Ccy"), is_in=_first(one, "CorD") == "C")
                yield _first(one, "BankRef"), 0, cells, wrong
