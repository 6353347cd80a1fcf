"""What single cells and rows of an import may say, and what becomes of them."""

from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from jobs.exchange import cells
from jobs.exchange.cells import Refused
from jobs.exchange.tables import TABLES as FORMAT
from models.database import metadata
from models.people import User
from models.types import utc_now
from tests.jobs.exchanges import PDF, SITE, TABLES, decrypted, places
from tests.models.test_intake import SIGNED, archive

IBAN = "LV44DEMO0000000000001"


def test_every_column_of_the_format_is_documented():
    text = (Path(__file__).parents[2] / "docs/integration.md").read_text("utf-8")
    sections = {part.split("\n")[0].strip("` "): part for part in text.split("\n### ")}
    for name, table in FORMAT.items():
        for column in table.columns:
            assert f"\n| `{column}` |" in sections[f"{name}.csv"], (name, column)


# Pairs of rows that differ in one thing, the second is refused for the column named; # is another number in each pair.
PAIRS = {
    "customers": [
        ("C#;8#;Name;;;;;;", "C#;8#;;;;;;;", "name"), ("C#;8#;Name;person;;;;;", "C#;8#;Name;firm;;;;;", "kind"),
        ("C#;8#;Name;;;a@b.lv;;;", "C#;8#;Name;;;a b@c.lv;;;", "email"), ("C#;8#;Name;;;;;RU;", "C#;8#;Name;;;;;lt;", "language"),
        ("C#;8#;Name;;;;;;METERED", "C#;8#;Name;;;;;;monthly", "settlement"), ("C#;8#;Na\tme;;;;;;", "C#;8#;Na\x07me;;;;;;", "name"),
        (f"C#;{'9' * 30}#;Name;;;;;;", f"C#;{'9' * 33};Name;;;;;;", "code"), ("C#;8#;Name;;;;;;", "C#;20417;Name;;;;;;", "code"),
        ("C#;8#;Name;;010190-1234-5;;;;", "C#;8#;Name;;010190-1234;;;;", "identifier"), ("C#;8#;Name;;;;;;", "C#;8#;Na\u202eme;;;;;;", "name"),
    ],
    "houses": [("H#;Iela 1;Ogre;", ";Iela 1;Ogre;", "external_id"), (f"{'H' * 63}#;Iela 1;Ogre;", f"{'H' * 65};Iela 1;Ogre;", "external_id")],
    "entrances": [("E#;H1;9", "E#;H8;9", "house")],
    "premises": [("F#;H1;;9;1000000", "F#;H1;;9;-1", "area"), ("F#;H1;E1;9;", "F#;H1;E8;9;", "entrance")],
    "tenures": [
        ("T#;C1;F34;;2024-01-01;2024-01-01", "T#;C1;F34;;2024-01-01;2023-12-31", "until"), ("T#;C1;F34;;2024-02-29;", "T#;C1;F34;;2024-02-30;", "from"),
        ("T#;C1;F34;;1900-01-01;", "T#;C1;F34;;1899-12-31;", "from"), ("T#;C1;F34;;1.2.2200;", "T#;C1;F34;;2201-01-01;", "from"),
    ],
    "meters": [
        ("M#;F34;;gas;;9;;;;;;;", "M#;F34;H1;gas;;9;;;;;;;", "premises"), ("M#;;H1;gas;;9;;;;;;;", "M#;;;gas;;9;;;;;;;", "premises"),
        ("M#;F34;;lpg;;9;;;;;;;", "M#;F34;;steam;;9;;;;;;;", "kind"), ("M#;F34;;gas;;9;jā;;;;;;", "M#;F34;;gas;;9;maybe;;;;;;", "remote"),
        ("M#;F34;;gas;;9;;;;;;M1;", "M#;F34;;gas;;9;;;;;;M8;", "replaces"), ("M#;F34;;gas;;9;;;;;;;a|b|c|d", "M#;F34;;gas;;9;;;;;;;a|b|c|d|e", "registers"),
        ("M2;;H1;electricity;;9;;;;;;;T1|T2|T3", "M2;;H1;electricity;;9;;;;;;;T1", "registers"), ("M#;F34;;gas;;9;;;;;;;a|b", "M#;F34;;gas;;9;;;;;;;a|a", "registers"),
    ],
    "readings": [
        ("R#0;M1;;1;2026-01-01;;;;", "R#0;M8;;1;2026-01-01;;;;", "meter"), ("R#0;M2;2;1;2026-01-01;;;;", "R#0;M1;2;1;2026-01-01;;;;", "register"),
        ("R#0;M1;;0;2026-01-01;;;;", "R#0;M1;;-1;2026-01-01;;;;", "value"), ("R#0;M1;;999999999,999;2026-01-01;;;;", "R#0;M1;;1000000000;2026-01-01;;;;", "value"),
        ("R#0;M1;;1.0010;2026-01-01;;;;", "R#0;M1;;1,0001;2026-01-01;;;;", "value"), ("R#0;M1;;1;2026-01-01;;;;", "R#0;M1;;;2026-01-01;;;;", "value"),
        ("R#0;M1;;1;01.01.2026;;;;", "R#0;M1;;1;;;;;", "date"), ("R#0;M1;;1;2026-01-01;2026-01-01;;;", "R#0;M1;;1;2026-01-01;2026-01-02;;;", "period"),
        ("R#0;M1;;1;2026-01-01;;;;R1", "R#0;M2;;1;2026-01-01;;;;R1", "corrects"), ("R#0;M1;;1;2026-01-01;;;;R3", "R#0;M1;;1;2026-01-01;;;;R2", "corrects"),
        ("R#0;M1;;1;2026-01-01;;;;", "R#0;M1;;1;2026-01-01;;;;R#0", "corrects"), ("PX#;M1;;1;2026-01-01;;;;", "P#;M1;;1;2026-01-01;;;;", "external_id"),
    ],
    "invoice_lines": [("I1;9#;Gas;;;;-1", "I1;0;Gas;;;;1", "position"), ("I1;9#;Gas;;;;1", "I8;9#;Gas;;;;1", "invoice")],
    "payments": [
        ("B#0;C1;;2026-01-01;-10000000", "B#0;C1;;2026-01-01;10000000,01", "amount"), ("B#0;C1;;2026-01-01;1 234,5", "B#0;C1;;2026-01-01;1.234,50", "amount"),
        ("B#0;C1;;2026-01-01;1,10", "B#0;C1;;2026-01-01;1,101", "amount"), ("B#0;C1;;2026-01-01;1", "B#0;C1;;2026-01-01;١", "amount"),
    ],
    "estimates": [("S#;H1;2026;9#;Item;1,0001", "S#;H1;2026;1;Item;1", "position")],
    "documents": [
        ("D#0;H1;;;Akts;2026-01-01;act.pdf", "D#0;H1;;;Akts;2026-01-01;none.pdf", "file"), ("D#0;H1;;;A;2026-01-01;act.pdf", "D#0;;;;A;2026-01-01;act.pdf", "premises"),
        ("D#0;H1;;;Akts;2026-01-01;act.pdf", "D#0;H1;;;Akts;2026-01-01;../exchange.toml", "file"), ("D#0;H1;;minutes;A;2026-01-01;act.pdf", "D#0;;F34;minutes;A;2026-01-01;act.pdf", "house"),
    ],
    "users": [
        ("U#0;nina#;;;;;", "U#0;ILZE;;;;;", "username"), ("U#0;nina#;nina@lv.lv;;;;", "U#0;nina#;ANNA@example.lv;;;;", "email"),
        ("U#0;nina#;;;;C1;", "U#0;nina#;;;;C1|C8;", "customers"), ("U#0;nina#;;;;;agent", "U#0;nina#;;;;;root", "role"),
    ],
}  # fmt: skip


@pytest.mark.parametrize("table", PAIRS)
def test_a_bad_row_is_named_and_stops_nothing(exchange, table):
    exchange.taken()
    good, bad, columns = zip(*PAIRS[table], strict=True)
    report = exchange.only(table, *_numbered(bad), TABLES[table].split("\n")[1])
    assert places(report) == [(f"{table}.csv", row, column) for row, column in enumerate(columns, 2)]
    assert (report.tables[table].unchanged, report.tables[table].added) == (1, 0)
    assert exchange.only(table, *_numbered(good)).problems == []


def _numbered(rows):
    return [row.replace("#", str(number)) for number, row in enumerate(rows, 5)]


def test_a_user_name_with_at_is_the_own_address_or_refused(exchange):
    report = exchange.only("users", "U1;a@b.lv;A@B.lv;;;;", "U2;c@d.lv;;;;;", "U3;c@d.lv;a@d.lv;;;;")
    assert places(report) == [("users.csv", 3, "username"), ("users.csv", 4, "username")]


def test_a_repeated_external_id_is_a_problem_of_the_second_row(exchange):
    report = exchange.only("houses", "H1;Iela 1;Ogre;", "H2;Iela 2;Ogre;", "H1;Iela 3;Ogre;")
    assert places(report) == [("houses.csv", 4, "external_id")]
    assert exchange.column("house", "address") == ["Iela 1", "Iela 2"]


def test_a_problem_says_what_stands_there_and_what_is_expected(exchange):
    exchange.taken()
    problem = exchange.only("readings", "R9;M1;;12,3,4;2026-01-01;;;;").problems[0]
    assert str(problem) == (
        'readings.csv, row 2, value: "12,3,4", expected a reading such as 126,5, at most 9 digits and 3 after the comma'
    )


def test_a_personal_code_is_stored_hashed_and_encrypted_and_never_reported(exchange):
    exchange.taken()
    found = exchange.column("customer", "identifier_encrypted")
    assert [decrypted(stored) for stored in found] == ["01019012345", "40003000000"]
    assert not any("01019012345" in str(row) for row in exchange.everything()["customer"])
    problem = exchange.only("customers", "C9;9;Name;person;010190-1234;;;;").problems[0]
    assert (problem.column, problem.value) == ("identifier", "(not shown)")


def test_the_same_code_in_another_form_is_no_change_and_an_empty_cell_removes_it(exchange):
    exchange.taken()
    exchange.change("customers", "010190-12345", "PNOLV-01019012345")
    assert exchange.run().tables["customers"].changed == 0
    exchange.change("customers", "PNOLV-01019012345", "")
    assert exchange.run().tables["customers"].changed == 1
    assert exchange.column("customer", "identifier_encrypted", external_id="C1") == [None]


def test_an_address_is_built_from_house_and_flat_and_follows_them(exchange):
    exchange.taken()
    assert exchange.column("premises", "address") == ["Brīvības iela 12–34, Ogre", "Brīvības iela 12–35, Ogre"]
    exchange.change("houses", "iela 12", "iela 12A")
    exchange.run()
    assert exchange.column("premises", "address", external_id="F34") == ["Brīvības iela 12A–34, Ogre"]


def test_an_address_that_the_file_gives_is_kept(exchange):
    exchange.taken()
    exchange.put("premises", "external_id;house;flat;address\nF34;H1;34;Mājas “Ozoli”, Ogres pagasts\nF36;H1;;")
    assert exchange.run().problems == []
    assert exchange.column("premises", "address")[::2] == ["Mājas “Ozoli”, Ogres pagasts", "Brīvības iela 12, Ogre"]


def test_an_entrance_of_another_house_is_refused(exchange):
    exchange.taken()
    exchange.only("houses", "H2;Cita iela 1;Ogre;")
    assert places(exchange.only("premises", "F9;H2;E1;1;")) == [("premises.csv", 2, "entrance")]


def test_a_meter_has_its_registers_and_what_it_replaces(exchange):
    exchange.taken()
    assert exchange.column("register", "name") == ["", "", "T1", "T2"]
    old, new, _ = exchange.column("meter", "id")
    assert exchange.column("meter", "replaces_id") == [None, old, None]
    exchange.put("meters", "external_id;premises;kind;number;registers;digits;decimals\nM1;F34;cold_water;222;a|b;6;2")
    assert exchange.run().tables["meters"].changed == 1
    assert exchange.column("register", "name", meter_id=new) == ["a", "b"]
    assert exchange.column("register", "digits", meter_id=new) == [6, 6]
    assert exchange.column("register", "decimals", meter_id=new) == [2, 2]
    assert not exchange.run().changed_anything


def test_a_correction_supersedes_and_never_overwrites(exchange):
    exchange.taken()
    _, _, right, _ = exchange.column("reading", "id")
    assert exchange.column("reading", "superseded_by_id") == [None, right, None, None]
    assert [moment is None for moment in exchange.column("reading", "superseded_at")] == [True, False, True, True]
    assert exchange.column("reading", "value") == [100_500, 999_000, 103_125, 7_000]
    report = exchange.only("readings", "R5;M1;;104;2026-10-27;2026-10;;;R3")
    assert report.tables["readings"].added == 1
    assert exchange.column("reading", "superseded_by_id")[2] == exchange.column("reading", "id")[-1]


def test_a_reading_that_is_known_may_get_its_correction_later(exchange):
    exchange.taken()
    report = exchange.only("readings", "R1;M1;;100,5;2026-09-25;2026-09;;;", "R3;M1;;103,125;2026-10-26;2026-10;;;R1")
    assert (report.tables["readings"].changed, report.problem_count) == (1, 0)


def test_two_corrections_of_one_reading_in_a_file_are_one_too_many(exchange):
    exchange.taken()
    lines = ["R8;M1;;1;2026-01-01;;;;R1", "R9;M1;;2;2026-01-01;;;;R1"]
    assert places(exchange.only("readings", *lines)) == [("readings.csv", 3, "corrects")]


def test_what_an_imported_reading_has_by_itself(exchange):
    exchange.taken()
    assert exchange.column("reading", "source") == ["import", "import", "import", "remote"]
    assert set(exchange.column("reading", "status")) == {"accepted"}
    assert exchange.column("reading", "rolled_over") == [False, False, False, True]
    assert exchange.column("reading", "period")[0] == date(2026, 9, 1)


def test_a_changed_reading_has_a_new_moment_of_change(exchange):
    exchange.taken()
    before = exchange.column("reading", "changed_at")
    exchange.change("readings", "100,5", "100,6")
    exchange.run()
    after = exchange.column("reading", "changed_at")
    assert after[0] > before[0]
    assert after[1:] == before[1:]


def test_a_document_of_a_customer_and_one_of_a_house_file_are_taken(exchange):
    exchange.put_all()
    exchange.put("documents", ["external_id;kind;title;date;file;house;customer", "D8;;Card;2026-05-05;act.pdf;;C1", "D9;minutes;Minutes;2026-05-05;act.pdf;H1;"])
    assert exchange.run().problems == []
    assert [one is None for one in exchange.column("document", "customer_id")] == [False, True]
    assert exchange.column("document", "kind") == ["other", "minutes"]
    exchange.put("documents", ["external_id;title;date;file;house;customer", "D8;Card;2026-05-05;act.pdf;H1;C1", "D9;Minutes;2026-05-05;act.pdf;;"])
    assert places(exchange.run()) == [("documents.csv", 2, "premises"), ("documents.csv", 3, "premises")]


def test_a_signed_document_is_taken_bit_by_bit_and_what_is_no_document_is_refused(exchange):
    exchange.put_all()
    signed = archive(SIGNED)
    for name, data in (("a.edoc", signed), ("b.edoc", b"%PDF-"), ("c.exe", b"%PDF-"), ("d.pdf", signed)):
        (exchange.path / "files" / name).write_bytes(data)
    exchange.put("documents", ["external_id;house;title;date;file", *(f"D{n};H1;Paper;2026-05-05;{name}" for n, name in enumerate(("a.edoc", "b.edoc", "c.exe", "d.pdf")))])
    report = exchange.run()
    assert places(report) == [("documents.csv", row, "file") for row in (3, 4, 5)] and "(content)" in report.problems[0].expected
    assert [exchange.storage.open(name) for name in exchange.column("document", "file_hash")] == [signed]


def test_an_invoice_keeps_exact_cents_its_payee_and_its_file(exchange):
    exchange.taken()
    assert exchange.column("invoice", "net") == [1000, 1000]
    assert exchange.column("invoice", "brought_forward") == [-210, 0]
    assert exchange.column("invoice", "payee_name") == [SITE.payee.name, "Māja 12"]
    assert exchange.column("invoice", "payee_iban") == [IBAN, IBAN]
    stored, none = exchange.column("invoice", "file_hash")
    assert (exchange.storage.open(stored), none) == (PDF + b"i1.pdf", None)
    assert exchange.column("invoice_line", "price") == [10512, None]


@pytest.mark.parametrize(
    ("column", "old", "new"),
    [
        ("payable", "12.1;;12.1", "12.1;;12.2"),
        ("iban", ";2.1;12.1;;12.1;Māja 12;LV44", ";2.1;12.1;;12.1;Māja 12;LV45"),
        ("period_to", "2026-10-01;2026-10-31", "2026-10-01;2026-09-30"),
    ],
)
def test_an_invoice_that_does_not_add_up_is_refused(exchange, column, old, new):
    exchange.put_all()
    exchange.change("invoices", old, new)
    assert places(exchange.run()) == [("invoices.csv", 3, column)]
    assert exchange.column("invoice", "external_id") == ["I1"]


@pytest.mark.parametrize("content", [None, b"GIF89a", b"%PDF-" + b"x" * 20_000_000])
def test_an_invoice_without_its_pdf_is_reported_and_comes_without(exchange, content):
    exchange.taken()
    exchange.put("invoices", TABLES["invoices"] + "i2.pdf")
    if content:
        (exchange.path / "files" / "i2.pdf").write_bytes(content)
    (exchange.path / "files" / "i1.pdf").unlink()
    report = exchange.run()
    assert [place for place in places(report) if place[0] == "invoices.csv"] == [
        ("invoices.csv", 2, "file"),
        ("invoices.csv", 3, "file"),
    ]
    assert report.tables["invoices"].unchanged == 2
    assert exchange.column("invoice", "file_hash")[0] is not None


def test_a_document_knows_the_size_and_name_of_its_file(exchange):
    exchange.taken()
    assert exchange.column("document", "file_name") == ["act.pdf", "i1.pdf"]
    assert exchange.column("document", "size") == [len(PDF) + 7, len(PDF) + 6]
    assert exchange.column("document", "kind") == ["act", "other"]


def test_users_are_folded_linked_and_keep_their_password(exchange):
    exchange.taken()
    assert exchange.column("user_account", "username") == ["anna", "ilze"]
    assert exchange.column("user_account", "email") == ["anna@example.lv", None]
    assert exchange.column("user_account", "name") == ["Anna Ozoliņa", "ilze"]
    user = metadata().tables["user_account"]
    with exchange.database.write() as session:
        session.execute(sa.update(user).values(password_hash="kept"))
    exchange.change("users", "Anna Ozoliņa", "Anna Kalniņa")
    exchange.run()
    assert exchange.column("user_account", "password_hash") == ["kept", "kept"]


def test_the_customers_of_a_user_are_exactly_those_of_the_file(exchange):
    exchange.taken()
    customers = exchange.column("customer", "id")
    (anna,) = exchange.column("user_account", "id", external_id="U1")
    assert exchange.column("customer_user", "customer_id", user_id=anna) == customers
    exchange.change("users", "C1|C2", "C2")
    exchange.run()
    assert exchange.column("customer_user", "customer_id", user_id=anna) == customers[1:]
    exchange.put("users", "external_id;username\nU1;anna")
    exchange.run()
    assert exchange.column("customer_user", "customer_id", user_id=anna) == customers[1:]


def test_text_that_looks_like_a_formula_stays_text(exchange):
    exchange.only("houses", "H1;=1+1;@town;", "H2;'=1+1;'quoted';")
    assert exchange.column("house", "address") == ["=1+1", "=1+1"]
    assert exchange.column("house", "town") == ["@town", "'quoted'"]


def test_spaces_around_and_letters_in_two_parts_make_no_difference(exchange):
    exchange.only("houses", "H1;  Brīvības iela\u00a01 ;Ogre;")
    report = exchange.only("houses", "H1;Bri\u0304vi\u0304bas iela 1;Ogre ;")
    assert report.tables["houses"].unchanged == 1


@given(cents=st.integers(-(10**9), 10**9), comma=st.sampled_from(",."))
def test_every_amount_is_read_to_the_cent(cents, comma):
    whole, rest = divmod(abs(cents), 100)
    money = cells.number(2, -(10**7), 10**7, "123,45")
    assert money(f"{'-' if cents < 0 else ''}{whole}{comma}{rest:02}") == cents


@given(text=st.text())
def test_a_cell_is_read_or_refused_and_nothing_else(text):
    readers = [
        cells.number(2, -10, 10, "1"),
        cells.number(0, 0, 9, "1"),
        cells.reading,
        cells.day,
        cells.month,
        cells.yes_no,
        cells.iban,
        cells.email,
        cells.file_name,
        cells.names(4, 32),
        cells.login(cells.email, 254),
    ]
    for reader in readers:
        try:
            plain = cells.clean(text)
            assert plain.isprintable()
            reader(plain)
        except Refused as refused:
            assert refused.expected


@given(text=st.text())
def test_what_counts_as_clean_is_not_changed_by_cleaning(text):
    if cells.is_clean(text):
        assert cells.clean(text) == text


def test_what_a_person_changed_herself_stays_and_a_closed_account_stays_closed(exchange):
    """The file cannot know it (A16, A20)."""
    exchange.taken()
    values = {"username": "anna@new.lv", "email": "anna@new.lv", "terms_version": 1}
    with exchange.database.write() as session:
        session.execute(sa.update(User).where(User.external_id == "U1").values(**values))
        session.execute(sa.update(User).where(User.external_id == "U2").values(username="closed-1", name="", closed_at=utc_now(), disabled_at=utc_now()))
    exchange.change("users", "Anna Ozoliņa", "Anna Kalniņa")
    report = exchange.run()
    assert not report.problems and exchange.column("user_account", "name") == ["Anna Kalniņa", ""]
    assert exchange.column("user_account", "username") == ["anna@new.lv", "closed-1"]
    assert exchange.column("user_account", "email") == ["anna@new.lv", None]


def test_a_new_account_of_the_file_has_its_first_steps_before_it(exchange):
    exchange.taken()
    assert exchange.column("user_account", "terms_version") == [0, 0] and exchange.column("user_account", "password_issued") == [False, False]


def test_an_address_that_would_break_a_letter_is_refused(exchange):
    report = exchange.only("users", "U1;anna;=?utf-8?q?a=0D=0ABcc=3A?=@x.lv;Anna;;;")
    assert places(report) == [("users.csv", 2, "email")]
