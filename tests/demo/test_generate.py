"""What generated data always are: the same again, right to the cent, of nobody, and complete."""

import subprocess
import sys
from collections import defaultdict
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest
from pypdf import PdfReader

from demo.calendar import Plan
from demo.generate import write_demo
from demo.rows import Rows, decimal
from demo.town import demo_iban, personal_code, town_of
from jobs.exchange import import_folder
from models import migrations
from models.database import Database
from models.files import FolderStorage
from models.rules.identifiers import iban_ok
from models.site import load_site
from tests.demo.folders import SITES, Demo, demo_of
from tests.personal_codes import personal_code_ok

CENT = Decimal("0.01")


def content(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_the_same_site_and_day_give_the_same_bytes_in_another_process(tmp_path: Path) -> None:
    code = "import sys; from pathlib import Path; from tests.demo.folders import Demo; Demo('ogre', Path(sys.argv[1]))"
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)
    assert content(tmp_path) == content(demo_of("ogre").folder)


def test_another_day_gives_another_folder(tmp_path: Path) -> None:
    other = Demo("ogre", tmp_path, date(2027, 2, 10))
    assert max(row["issued"] for row in other.rows("invoices")) == "2027-01-10"


@pytest.mark.parametrize("name", SITES)
@pytest.mark.parametrize("day", [date(2026, 11, 3), date(2026, 11, 15), date(2027, 1, 1), date(2028, 2, 29)])
def test_the_demo_stands_on_any_day_also_with_the_window_closed(name: str, day: date, tmp_path: Path) -> None:
    write_demo(load_site(name), tmp_path, day)
    late = [line for file in ("readings", "payments") for line in (tmp_path / f"{file}.csv").read_text().splitlines()]
    dates = [cell for line in late for cell in line.split(";") if len(cell) == 10 and cell[4::3] == "--"]
    assert len(dates) > 1000
    assert max(dates) <= day.isoformat()


def test_lines_add_up_to_the_cent(demo: Demo) -> None:
    lines: defaultdict[str, Decimal] = defaultdict(Decimal)
    for row in demo.rows("invoice_lines"):
        amount = (Decimal(row["quantity"]) * Decimal(row["price"])).quantize(CENT, ROUND_HALF_UP)
        assert Decimal(row["amount"]) == amount
        lines[row["invoice"]] += amount
    for row in demo.rows("invoices"):
        net, vat, total, brought, payable = (
            Decimal(row[name]) for name in ("net", "vat", "total", "brought_forward", "payable")
        )
        assert net == lines[row["external_id"]] > 0
        assert vat == (net * 21 / 100).quantize(CENT, ROUND_HALF_UP)
        assert (total, payable) == (net + vat, total + brought)


def test_what_is_not_paid_is_brought_forward(demo: Demo) -> None:
    carried: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    paid: defaultdict[str, Decimal] = defaultdict(Decimal)
    for row in demo.rows("payments"):
        paid[row["invoice"]] += Decimal(row["amount"])
    for row in sorted(demo.rows("invoices"), key=lambda row: row["issued"]):
        key = row["customer"], row["premises"]
        assert Decimal(row["brought_forward"]) == carried[key]
        carried[key] = Decimal(row["payable"]) - paid[row["external_id"]]


def test_dials_only_go_forward_or_roll_over(demo: Demo) -> None:
    before: dict[tuple[str, str], Decimal] = {}
    corrected = {row["corrects"] for row in demo.rows("readings")}
    for row in demo.rows("readings"):
        key, value = (row["meter"], row["register"]), Decimal(row["value"])
        if row["external_id"] not in corrected:
            assert (value < before.get(key, Decimal())) == (row["rolled_over"] == "1")
            before[key] = value


def test_readings_show_as_many_decimals_as_the_dial(demo: Demo) -> None:
    kinds = {row["external_id"]: row["kind"] for row in demo.rows("meters")}
    for row in demo.rows("readings"):
        places = {kind.value: rule.decimals for kind, rule in demo.site.meters.items()}[kinds[row["meter"]]]
        assert len(row["value"].partition(".")[2]) == places


def test_the_importer_takes_every_row_and_changes_none_the_second_time(demo: Demo, tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/test.sqlite3")
    migrations.upgrade(database)
    storage = FolderStorage(tmp_path / "files")
    first, second = (import_folder(database, storage, demo.site, "k" * 40, demo.folder) for _ in range(2))
    assert first.problems == []
    assert {name: counts.added for name, counts in first.tables.items()} == {
        name: len(demo.rows(name)) for name in first.tables
    }
    assert len(first.tables) == 16
    assert not second.changed_anything
    assert second.problems == []


@pytest.mark.parametrize(
    ("table", "column", "other"),
    [
        ("premises", "house", "houses"), ("premises", "entrance", "entrances"), ("tenures", "customer", "customers"),
        ("tenures", "premises", "premises"), ("meters", "premises", "premises"), ("meters", "replaces", "meters"),
        ("readings", "meter", "meters"), ("readings", "corrects", "readings"), ("invoices", "customer", "customers"),
        ("invoices", "premises", "premises"), ("invoice_lines", "invoice", "invoices"),
        ("payments", "invoice", "invoices"), ("payments", "customer", "customers"),
        ("documents", "premises", "premises"), ("documents", "customer", "customers"), ("users", "customers", "customers"),
    ],
)  # fmt: skip
def test_rows_refer_to_rows_that_exist_once(demo: Demo, table: str, column: str, other: str) -> None:
    names = [row["external_id"] for row in demo.rows(other)]
    assert len(names) == len(set(names))
    assert {row[column] for row in demo.rows(table)} - {""} <= set(names)


def test_accounts_are_valid_of_the_demo_bank_and_those_of_the_houses_where_they_are_managed(
    demo: Demo,
) -> None:
    houses = {row["external_id"]: row["house"] for row in demo.rows("premises")}
    accounts = {(houses[row["premises"]], row["iban"]) for row in demo.rows("invoices")}
    assert len(accounts) == 2
    assert all(iban_ok(iban) and iban[4:8] == "DEMO" for _, iban in accounts)
    assert len({iban for _, iban in accounts}) == (2 if town_of(demo.site).manages else 1)


@pytest.mark.parametrize("number", [0, 1, 96, 97, 98, 10**12, 10**13 - 1])
def test_any_demo_account_has_right_check_digits(number: int) -> None:
    assert iban_ok(demo_iban(number))


def test_personal_codes_have_the_right_form_and_belong_to_nobody_alive(demo: Demo) -> None:
    codes = [row["identifier"] for row in demo.rows("customers")]
    assert len(set(codes)) == len(codes)
    assert all(personal_code_ok(code) and code[7] == "0" for code in codes)  # 0: born in the 19th century
    assert len({personal_code(number) for number in range(0, 1_000_000, 997)}) == 1004


def test_addresses_of_mail_and_telephones_reach_nobody(demo: Demo) -> None:
    people = [*demo.rows("customers"), *demo.rows("users")]
    assert {row["email"].partition("@")[2] for row in people} == {"", "example.com"}
    assert all(row["phone"].startswith("+3710") for row in demo.rows("customers") if row["phone"])


def test_every_named_pdf_is_there_and_says_demo(demo: Demo) -> None:
    named = [row["file"] for table in ("invoices", "documents") for row in demo.rows(table) if row["file"]]
    named += [name for row in demo.rows("notices") for name in row["files"].split("|") if name]
    assert sorted(named) == sorted(file.name for file in (demo.folder / "files").iterdir())
    for name in named:
        [page] = PdfReader(demo.folder / "files" / name).pages
        assert page.extract_text().startswith("DEMO")


def test_an_unknown_column_is_refused() -> None:
    with pytest.raises(ValueError, match="houses: no column colour"):
        Rows().add("houses", "H1", colour="green")


@pytest.mark.parametrize(
    ("number", "places", "shown", "text"),
    [
        (3145, 3, None, "3.145"),
        (3145, 3, 1, "3.1"),
        (3000, 3, 0, "3"),
        (-1850, 2, None, "-18.50"),
        (-5, 2, None, "-0.05"),
    ],
)
def test_whole_numbers_are_written_as_decimals(number: int, places: int, shown: int | None, text: str) -> None:
    assert decimal(number, places, shown) == text


def test_a_site_file_that_came_later_has_a_demo_too() -> None:
    site = load_site("ludza").model_copy(update={"slug": "elsewhere"})
    assert Plan(site, date(2026, 11, 26)).town.name == "Paraugpils"
