"""The crowd: as many customers as asked, from a seed, in memory that does not grow with them."""

import tracemalloc
from pathlib import Path

import pytest

from demo.generate import main
from tests.demo.folders import rows


def generate(folder: Path, customers: int, *more: str, site: str = "ogre") -> Path:
    arguments = ["--site", site, "--customers", str(customers), "--today", "2026-10-31", *more]
    main([str(folder), *arguments])
    return folder


def peak(folder: Path, customers: int) -> int:
    tracemalloc.start()
    generate(folder, customers, "--months", "2")
    found = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return found


@pytest.mark.parametrize(("customers", "houses"), [(10, 1), (40, 1), (41, 2), (250, 7)])
def test_as_many_customers_as_asked_live_in_houses_of_forty(tmp_path: Path, customers: int, houses: int) -> None:
    folder = generate(tmp_path, customers, "--months", "3")
    assert len(rows(folder, "houses")) == houses
    for table in ("customers", "premises", "tenures"):
        assert len({row["external_id"] for row in rows(folder, table)}) == customers
    assert max(len(rows(folder, "premises", house=f"H{place}")) for place in range(1, houses + 1)) <= 40


def test_everybody_has_the_months_asked_for(tmp_path: Path) -> None:
    folder = generate(tmp_path, 250, "--months", "5")
    invoices = rows(folder, "invoices")
    assert len(invoices) == 250 * 4  # the newest month is not billed before it ends
    assert {row["external_id"] for row in invoices} == {row["invoice"] for row in rows(folder, "invoice_lines")}
    assert len({row["period"] for row in rows(folder, "readings")}) == 5
    assert {row["meter"] for row in rows(folder, "readings")} == {row["external_id"] for row in rows(folder, "meters")}


def test_every_house_has_its_own_account(tmp_path: Path) -> None:
    folder = generate(tmp_path, 100, "--months", "2")
    house = {row["external_id"]: row["house"] for row in rows(folder, "premises")}
    pairs = {(house[row["premises"]], row["iban"]) for row in rows(folder, "invoices")}
    assert len(pairs) == len({iban for _, iban in pairs}) == 3


def test_no_marker_of_the_templates_is_left(tmp_path: Path) -> None:
    folder = generate(tmp_path, 45, site="daugavpils")
    assert not [file.name for file in folder.glob("*.csv") if {"@", "#"} & set(file.read_text("utf-8"))]


def test_the_same_seed_gives_the_same_crowd_and_another_seed_another(tmp_path: Path) -> None:
    one, same, other = (
        generate(tmp_path / name, 50, "--seed", seed) for name, seed in (("a", "7"), ("b", "7"), ("c", "8"))
    )
    assert rows(one, "customers") == rows(same, "customers") != rows(other, "customers")
    assert rows(one, "readings") == rows(same, "readings") != rows(other, "readings")


def test_memory_does_not_grow_with_the_crowd(tmp_path: Path) -> None:
    small, large = peak(tmp_path / "small", 400), peak(tmp_path / "large", 4000)
    assert large < small * 1.05


@pytest.mark.parametrize(
    "wrong", [["--customers", "0"], ["--customers", "1000001"], ["--customers", "5", "--months", "0"]]
)
def test_a_crowd_of_an_impossible_size_is_refused(
    tmp_path: Path, wrong: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main([str(tmp_path), "--site", "ogre", *wrong])
    assert "expected 1 to 1000000 customers" in capsys.readouterr().err
