"""Statements of banks on their way in: what is read, refused, counted once, and matched (identity-and-money §4.6)."""

import pytest

from jobs.exchange.cells import Refused
from jobs.exchange.statements import Statement
from jobs.exchange.xml import tree
from tests.banking import FIDAVISTA, HERS, OURS, V2, V8, amounts, camt, cells, fidavista, ntry, trx, tx
from tests.jobs.exchanges import Exchange

ONE = [OURS, "2026-11-20", "12.10", "Anna Ozoliņa", HERS, "", "Rēķins 2026-2"]


@pytest.fixture
def bank(exchange: Exchange) -> Exchange:
    """Two invoices to Anna: the first is paid, 12.10 is left of the second."""
    exchange.put_all()
    (exchange.path / "bank_entries.csv").unlink()
    exchange.run()
    for file in exchange.path.glob("*.csv"):
        file.unlink()
    (exchange.path / "bank").mkdir()
    return exchange


def bring(exchange: Exchange, *files: bytes, **options):
    for number, data in enumerate(files):
        (exchange.path / "bank" / f"{number}.xml").write_bytes(data)
    return exchange.run(**options)


def paid(exchange: Exchange) -> list[tuple[str, int]]:
    """What became payments that are being booked: cents by the number of the invoice."""
    numbers = dict(zip(exchange.column("invoice", "id"), exchange.column("invoice", "number"), strict=True))
    return [*zip([numbers[one] for one in exchange.column("online_payment_invoice", "invoice_id")], exchange.column("online_payment_invoice", "cents"), strict=True)]


@pytest.mark.parametrize("kind", ["053", "054"])
@pytest.mark.parametrize("version", [V2, "001.04", V8, "001.10", "001.13"])
def test_every_version_of_camt_is_read_alike(kind: str, version: str):
    shape = V2 if version in (V2, "001.04") else V8
    status = "<Sts>BOOK</Sts>" if shape == V2 else "<Sts><Cd>BOOK</Cd></Sts>"
    data = camt(ntry("12.10", tx("12.10", "Rēķins 2026-2", version=shape), status=status), kind=kind, version=version)
    assert cells(data) == ([ONE], [])


def test_names_of_elements_may_have_a_prefix():
    data = camt(ntry("12.10", tx("12.10", "Rēķins 2026-2"))).decode().replace("</", "</n:").replace("<", "<n:").replace("<n:/n:", "</n:").replace("<n:?", "<?").replace("xmlns=", "xmlns:n=")
    assert cells(data.encode()) == ([ONE], [])


@pytest.mark.parametrize("namespace", [FIDAVISTA, "http://ivis.eps.gov.lv/XMLSchemas/100017/fidavista/v1-1", "http://ivis.eps.gov.lv/XMLSchemas/100017/fidavista/v1-2"])
def test_fidavista_is_read_in_each_of_its_namespaces(namespace: str):
    assert cells(fidavista(trx("12.10", "Rēķins 2026-2"), namespace=namespace)) == ([ONE], [])


@pytest.mark.parametrize("encoding", ["UTF-8", "UTF-16", "windows-1257", "ISO-8859-13", "ISO-8859-4"])
def test_the_declaration_decides_the_encoding(encoding: str):
    for data in (fidavista(trx("12.10", "Rēķins 2026-2"), encoding=encoding), camt(ntry("12.10", tx(text="Rēķins 2026-2")), encoding=encoding)):
        assert cells(data) == ([ONE], [])


@pytest.mark.parametrize("data", [
    b'<?xml version="1.0" encoding="EUC-JP"?><Document/>', b"\xff\xfe<", b"", b"no xml", b"<Document>", b"<Document/><Document/>",
    b'<?xml version="1.0" encoding="nonsense"?><Document/>', "<Document>\xe4</Document>".encode("latin-1"), b"<a>&unknown;</a>",
])  # fmt: skip
def test_what_is_no_xml_is_refused_in_a_sentence(data: bytes):
    with pytest.raises(Refused, match="XML that can be read"):
        tree(data)


@pytest.mark.parametrize("head", [
    '<!DOCTYPE Document>', '<!DOCTYPE a [<!ENTITY x "y">]>', '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
    '<!DOCTYPE a SYSTEM "http://127.0.0.1/a.dtd">', '<!DOCTYPE a [<!ENTITY a "b"><!ENTITY b "&a;&a;">]>', '<!DOCTYPE a [<!ENTITY % p SYSTEM "http://127.0.0.1/p">%p;]>',
])  # fmt: skip
def test_a_doctype_is_refused_before_any_of_it_is_used(head: str):
    with pytest.raises(Refused, match="without a DOCTYPE"):
        Statement(camt(head=head), lambda *_: None)


@pytest.mark.parametrize("data", [b"<a>" + b"<b/>" * 1_000_000 + b"</a>", b"<a>" * 1_000_001 + b"</a>" * 1_000_001])
def test_the_number_of_elements_is_bounded(data: bytes):
    with pytest.raises(Refused, match="at most 1000000 elements"):
        tree(data)


def test_deep_ones_do_no_harm():
    assert tree(b"<a>" * 900_000 + b"</a>" * 900_000).tag == "a"


@pytest.mark.parametrize("data", [
    b"<Document/>", b"<FIDAVISTA/>", b"<Document><BkToCstmrAcctRpt/></Document>", b"<Other><Statement/></Other>", b"<FIDAVISTA><BkToCstmrStmt/></FIDAVISTA>",
    b"<FIDAVISTA><AmaiRequest/></FIDAVISTA>",
])  # fmt: skip
def test_what_is_no_statement_is_refused(data: bytes):
    with pytest.raises(Refused, match=r"camt\.053, camt\.054 or FiDAViSta"):
        Statement(data, lambda *_: None)


def test_a_statement_without_movement_is_one():
    assert cells(camt()) == cells(fidavista()) == ([], [])


@pytest.mark.parametrize("version", [V2, V8])
def test_a_batch_is_read_part_by_part(version: str):
    batch = ntry("30.00", tx("12.10", "2026-2", version=version), tx("17.90", "2026-3", version=version), batch="2")
    assert amounts(camt(batch)) == ["12.10", "17.90"]
    names = [row[0] for _, row in Statement(camt(batch), lambda *_: None).records()]
    assert len({*names}) == 2


@pytest.mark.parametrize("entry", [
    ntry("30.00", tx("12.10"), tx("17.91")), ntry("30.00", tx("12.10"), tx()), ntry("30.00", tx("12.10"), tx("x")), ntry("30.00", batch="2"), ntry("30.00", tx("12.10"), batch="3"),
])  # fmt: skip
def test_a_batch_without_all_of_its_parts_is_refused(entry: str):
    found, refused = cells(camt(entry, ntry("1.00", tx())))
    assert [row[2] for row in found] == ["1.00"] and {(column, what[:7]) for _, column, _, what in refused} == {("amount", "a batch")}


@pytest.mark.parametrize(("entry", "column"), [
    (ntry("5.00", tx(), sign="DBIT"), "amount"), (ntry("5.00", tx(), back="true"), "amount"), (ntry("5.00", tx(), ccy="USD"), "currency"),
    (ntry("5.00", tx(), status="<Sts>PDNG</Sts>"), "status"), (ntry("5.00", tx(), status="<Sts><Cd>INFO</Cd></Sts>"), "status"),
])  # fmt: skip
def test_what_is_no_money_of_a_payer_is_refused_by_its_number(entry: str, column: str):
    found, refused = cells(camt(ntry("1.00", tx()), entry, ntry("2.00", tx(), name="REF3")))
    assert [row[2] for row in found] == ["1.00", "2.00"] and [(what[0], what[1]) for what in refused] == [(2, column)]


def test_fidavista_refuses_alike():
    found, refused = cells(fidavista(trx("5,00", sign="D"), trx("1,00")))
    assert [row[2] for row in found] == ["1,00"] and refused == [(1, "amount", "", "money that came in")]
    assert cells(fidavista(trx("5"), ccy="USD"))[1] == [(1, "currency", "USD", "EUR")]


@pytest.mark.parametrize("back", ["true", "1"])
def test_money_of_a_payer_that_went_back_is_below_zero_and_waits_for_a_person(bank: Exchange, back: str):
    bring(bank, camt(ntry("12.10", tx(text="2026-2"), sign="DBIT", back=back)))
    assert bank.column("bank_entry", "cents") == [-1210] and bank.column("bank_entry", "state") == ["open"] and not paid(bank)


@pytest.mark.parametrize(("said", "cents"), [("0.01", 1), ("12.1", 1210), ("1234567.89", 123456789), ("100", 10000), ("12,10", 1210), ("70.07000", 7007)])
def test_sums_are_exact(bank: Exchange, said: str, cents: int):
    bring(bank, camt(ntry(said, tx())))
    assert bank.column("bank_entry", "cents") == [cents]


@pytest.mark.parametrize("said", ["12.101", "1e3", "NaN", "", "99999999999", "٣.00"])
def test_what_is_no_sum_is_refused(bank: Exchange, said: str):
    report = bring(bank, camt(ntry(said, tx()), ntry("1.00", tx(), name="REF2")))
    assert [(one.row, one.column) for one in report.problems] == [(1, "amount")] and bank.column("bank_entry", "cents") == [100]


def test_the_same_file_twice_is_counted_once(bank: Exchange):
    data = camt(ntry("12.10", tx(text="2026-2")), ntry("5.00", tx(), name=""), ntry("5.00", tx(), name=""))
    first, second = bring(bank, data), bring(bank, data)
    assert first.tables["bank_entries"].added == 3 and second.tables["bank_entries"].unchanged == 3 and paid(bank) == [("2026-2", 1210)]
    assert bank.column("bank_entry", "cents") == [1210, 500, 500], "without a reference the same sum twice in a file is two payments"


def test_the_notice_of_an_entry_and_its_statement_are_one(bank: Exchange):
    entries = ntry("12.10", tx(text="2026-2"))
    report = bring(bank, camt(entries, kind="054"), camt(entries, version=V8))
    assert (report.tables["bank_entries"].added, report.tables["bank_entries"].unchanged) == (1, 1) and paid(bank) == [("2026-2", 1210)]


def test_a_reference_twice_in_a_file_is_counted_once_and_said(bank: Exchange):
    report = bring(bank, camt(ntry("12.10", tx()), ntry("12.10", tx())))
    assert [(one.row, one.expected) for one in report.problems] == [(2, "each row once in a file")] and bank.column("bank_entry", "cents") == [1210]


def test_another_sum_under_the_same_reference_is_refused(bank: Exchange):
    bring(bank, camt(ntry("12.10", tx(text="first"))))
    report = bring(bank, camt(ntry("12.11", tx())))
    assert [one.expected for one in report.problems] == ["12.10, as this entry had before"]
    bring(bank, camt(ntry("12.10", tx(text="second"))))
    assert bank.column("bank_entry", "text") == ["first"], "what staff have seen stays"


def test_a_dry_run_matches_and_leaves_nothing(bank: Exchange):
    before = bank.everything()
    report = bring(bank, camt(ntry("12.10", tx(text="2026-2"))), dry_run=True)
    assert report.tables["bank_entries"].added == 1 and bank.everything() == before


def test_a_damaged_file_stops_no_other(bank: Exchange):
    report = bring(bank, b"<", camt(ntry("12.10", tx())), camt(head="<!DOCTYPE a>"), b"x" * 20_000_001)
    assert [(one.file, one.row) for one in report.problems] == [("bank/0.xml", 0), ("bank/2.xml", 0), ("bank/3.xml", 0)]
    assert "20 MB" in report.problems[-1].expected and bank.column("bank_entry", "cents") == [1210]


def test_lines_of_a_text_are_one_and_long_ones_are_cut(bank: Exchange):
    bring(bank, camt(ntry("5.00", tx(text="Par|ūdeni\n un\tgāzi", payer="P" * 200)), ntry("6.00", tx(text="x" * 900), name="REF2")))
    assert bank.column("bank_entry", "text") == ["Par ūdeni un gāzi", "x" * 500] and len(bank.column("bank_entry", "payer")[0]) == 140


def test_money_for_an_invoice_becomes_a_payment_that_is_being_booked(bank: Exchange):
    bring(bank, camt(ntry("12.10", tx(text="Rēķins Nr.2026-2, paldies"))))
    assert paid(bank) == [("2026-2", 1210)] and bank.column("bank_entry", "state") == ["matched"]
    assert bank.column("online_payment", "status") == ["paid"] and bank.column("online_payment", "provider") == ["bank"]
    assert bank.column("online_payment", "booked_at") == [None] and "bank.assigned" in bank.column("audit", "action")


def test_what_came_before_its_invoice_is_matched_with_the_next_statement(bank: Exchange):
    bring(bank, camt(ntry("7.00", tx(text="2026-777"))))
    assert not paid(bank)
    bank.put("invoices", ["external_id;customer;premises;number;period_from;period_to;issued;due;net;vat;total;payable;iban;reference", f"I3;C1;F34;2026-777;2026-11-01;2026-11-30;2026-12-10;2026-12-30;7;0;7;7;{OURS};2026-777"])
    bring(bank)
    assert paid(bank) == [("2026-777", 700)]


def test_the_account_of_who_paid_before_is_known_by_its_sum(bank: Exchange):
    data = [camt(ntry("2.10", tx(ref="2026-2"))), camt(ntry("10.00", tx(text="Paldies"), name="REF2")), camt(ntry("10.00", tx(text="Paldies"), name="REF3"))]
    bring(bank, *data)
    assert paid(bank) == [("2026-2", 210), ("2026-2", 1000)], "the second part of it, and then nothing is left"
    assert bank.column("bank_entry", "state") == ["matched", "matched", "open"]


def test_entries_come_as_a_table_as_well(bank: Exchange):
    bank.put("bank_entries", ["external_id;date;amount;text", "K1;2026-11-20;12,10;2026-2"])
    report = bank.run()
    assert not report.problems and paid(bank) == [("2026-2", 1210)]
    bank.put("bank_entries", ["external_id;date;amount", "K2;2026-11-21;1,00"])
    assert bank.run().tables["bank_entries"].missing == 0, "no statement tells of all that ever came"
