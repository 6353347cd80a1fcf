"""models/privacy.toml names every table and every column, and docs/privacy.md says the same to people (GDPR 13, 30)."""

import os
import re
from pathlib import Path

import pytest
import sqlalchemy as sa

from models.database import metadata
from models.privacy import PERIODS, TABLES
from models.site import SiteError, load_site
from tests.models.test_site import changed

PAGE = Path(__file__).parents[1] / "docs" / "privacy.md"
RULES = [(name, rule) for name, period in PERIODS.items() for rule in period["rules"]]
KEYS = {"purpose", "ground", "kept", "hers", "of", "file", "columns", "withheld", "left_out"}


def test_every_table_is_named_with_its_purpose_its_ground_and_its_time():
    assert {*TABLES} == {*metadata().tables}, "name a new table in models/privacy.toml"
    for name, how in TABLES.items():
        timed = [rule for period, rule in RULES if rule["table"] == name and period != "closed_accounts" and "unlink" not in rule]
        assert {*how} <= KEYS and how["purpose"] and {*how["ground"].split(", ")} <= {"a", "b", "c", "f"}, name
        assert timed or how.get("kept"), f"{name}: for how long?"


def test_every_column_is_in_the_copy_or_has_the_reason_why_not():
    for name, how in TABLES.items():
        assert ("hers" in how) != bool(how.get("left_out")), f"{name}: hers, or a reason"
        columns, withheld = how.get("columns", "").split(), how.get("withheld", {})
        if "hers" in how:
            assert sorted([*columns, *withheld]) == sorted(metadata().tables[name].c.keys()), name
            assert all(withheld.values()) and not [one for one in columns if re.search(r"hash|secret|token|encrypted", one)], name


def test_everything_that_belongs_to_an_account_goes_with_it():
    gone = {rule["table"] for period, rule in RULES if period == "closed_accounts"}
    assert {table.name for table in metadata().sorted_tables if "user_id" in table.c} <= gone
    linked = {(table.name, column.name) for table in metadata().sorted_tables for column in table.c for key in column.foreign_keys if key.column.table.name == "user_account"}
    told = {(rule["table"], rule.get("unlink", "user_id")) for period, rule in RULES if period == "closed_accounts"}
    of_staff = {"created_by_user_id", "assignee_id", "staff_id", "substitute_id"}
    assert {one for one in linked if one[1] not in of_staff} == told, "of staff nobody closes the account"


def test_the_periods_are_such_as_can_be_set():
    for name, period in PERIODS.items():
        assert {*period} == {"days", "least", "after", "rules"} and 0 <= period["least"] <= period["days"], name
    for _, rule in RULES:
        columns = metadata().tables[rule["table"]].c
        assert {*rule} <= {"table", "rows", "unlink", "file"} and all(rule[key] in columns for key in ("unlink", "file") if key in rule)


def test_a_file_is_in_the_copy_as_bytes():
    named = {table.name for table in metadata().sorted_tables if "file_hash" in table.c and "hers" in TABLES[table.name]}
    assert {name for name, how in TABLES.items() if "file" in how} == named - {"data_copy"}, "a copy has no copies in it"


@pytest.mark.parametrize(("typed", "days"), [("", 30), ("[retention]\nsessions = 5\n", 5)])
def test_a_site_sets_its_own_periods(tmp_path: Path, typed: str, days: int):
    site = load_site(str(changed(tmp_path, ("[meters.default]", f"{typed}\n[meters.default]"))))
    assert site.retention == {name: period["days"] for name, period in PERIODS.items()} | {"sessions": days}


@pytest.mark.parametrize("typed", ["nonsense = 5", "invoices = 1826", "sessions = 0", "sessions = -1", "sessions = 99999", 'sessions = "x"', "sessions = 1.5"])
def test_a_period_that_is_unknown_or_too_short_stops_the_start(tmp_path: Path, typed: str):
    with pytest.raises(SiteError, match="retention"):
        load_site(str(changed(tmp_path, ("[meters.default]", f"[retention]\n{typed}\n\n[meters.default]"))))


def kept(name: str) -> str:
    """For how long the rows of a table are kept, as the page says it."""
    words = []
    for period, rule in RULES:
        if rule["table"] == name:
            days, act = PERIODS[period]["days"], f", then `{rule['unlink']}` is emptied" if "unlink" in rule else ""
            time = f"{days} {'day' if days == 1 else 'days'} after {PERIODS[period]['after']}" if days else f"until {PERIODS[period]['after']}"
            words.append(f"{time}{act} (`{period}`)")
    return "; ".join([*words, *filter(None, [TABLES[name].get("kept")])])


def lines() -> str:
    """The tables of the page."""
    rows = ["| table | what for | ground | kept | in a person's copy |", "|---|---|---|---|---|"]
    for name, how in TABLES.items():
        without = "; ".join(f"`{column}`: {why}" for column, why in how.get("withheld", {}).items())
        copy = f"no: {how['left_out']}" if "left_out" in how else f"yes, without {without}" if without else "yes"
        rows.append(f"| `{name}` | {how['purpose']} | {how['ground']} | {kept(name)} | {copy} |")
    rows += ["", "| period | days | at least | of |", "|---|---|---|---|"]
    for name, period in PERIODS.items():
        tables = ", ".join(dict.fromkeys(f"`{rule['table']}`" for rule in period["rules"]))
        rows.append(f"| `{name}` | {period['days']} | {period['least']} | {tables} |")
    return "\n".join(rows)


def test_the_page_says_what_the_list_says():
    said = PAGE.read_text("utf-8")
    head, tail = said.split("<!-- begin -->\n")[0], said.split("<!-- end -->")[1]
    found = f"{head}<!-- begin -->\n{lines()}\n<!-- end -->{tail}"
    if os.environ.get("UPDATE_GOLDEN") == "1":
        PAGE.write_text(found, "utf-8")
    assert found == PAGE.read_text("utf-8"), "review this, then write it with UPDATE_GOLDEN=1"


def test_every_condition_names_only_values_that_it_is_given():
    given = {"user_id", "today", "notices", "language", "first"}
    conditions = [(how["hers"], given) for how in TABLES.values() if "hers" in how] + [(rule["rows"], {"before", "day"}) for _, rule in RULES]
    for text, names in conditions:
        assert {*sa.text(text).compile().params} <= names and "{" not in text, text
