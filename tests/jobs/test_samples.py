"""What the pages of imports tell of columns comes from the definition of the exchange, and so do the templates (H12)."""

import csv

import pytest
from flask import Flask

from jobs.exchange.samples import columns
from jobs.exchange.tables import TABLES as FORMAT
from models.imports import KINDS
from tests.jobs.exchanges import PDF, SITE, Exchange
from tests.ubl import document


def test_the_examples_of_all_tables_are_a_delivery_that_is_taken_in(exchange: Exchange):
    for kind in FORMAT:
        _, told = columns(kind) or ("", [])
        with (exchange.path / f"{kind}.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, delimiter=";").writerows([[one.name for one in told], [one.example for one in told]])
    for name in ("2026-0417.pdf", "akts.pdf"):
        (exchange.path / "files" / name).write_bytes(PDF)
    (exchange.path / "einvoices").mkdir()
    (exchange.path / "einvoices" / "2026-0418.xml").write_bytes(document(number="2026-0418", code="20417", place="F34"))
    report = exchange.run()
    assert not report.problems, report.problems
    assert {name: counts.added for name, counts in report.tables.items()} == dict.fromkeys(FORMAT, 1)


@pytest.mark.parametrize("kind", KINDS)
def test_each_column_stands_there_with_what_it_takes(kind: str):
    named, told = columns(kind) or ("", [])
    assert named == kind and [one.name for one in told] == [*FORMAT[kind].columns] and all(one.takes for one in told)
    assert {one.name for one in told if one.required} >= {one.name for one in FORMAT[kind].described if one.required}


def test_what_it_takes_is_what_the_import_would_say():
    said = {one.name: one.takes for kind in ("customers", "premises", "readings") for one in (columns(kind) or ("", []))[1]}
    assert said["email"] == "an e-mail address such as anna@example.lv" and said["house"] == "external_id of houses.csv"
    assert said["identifier"] == "a personal code or registration number of 11 digits" and said["flat"] == "at most 32 characters"
    assert columns("archive") is columns("nothing") is None


def test_each_column_has_words_in_every_language(make_app):
    app: Flask = make_app()
    every = {name for table in FORMAT.values() for name in table.columns}
    for language in SITE.languages:
        words = vars(app.extensions["languages"][language].get_template("staff/_columns.html").module)["column_words"]
        assert words.keys() == every and all(words.values())
