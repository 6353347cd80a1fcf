"""Overrides: the one place that says which window and which text hold on a day."""

from collections.abc import Iterator
from datetime import date
from itertools import permutations
from pathlib import Path

import pytest
import sqlalchemy as sa

from models.database import Database, metadata
from models.overrides import Override, TextOverride, WindowChange, overrides_for, rule_for, text_for
from models.premises import House
from models.site import load_site
from models.types import MeterKind

COLD, GAS = MeterKind.COLD_WATER, MeterKind.GAS
DAY = date(2026, 11, 15)
SITE = load_site("ventspils")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'test.sqlite3'}")
    metadata().create_all(database.engine)
    yield database
    database.dispose()


def change(opens: str, *, number: int = 1, house: int | None = None, kind: MeterKind | None = None,
           since: date = date(2026, 1, 1), until: date | None = None) -> WindowChange:  # fmt: skip
    return WindowChange(number, house, kind, opens, "last", since, until)


def opens(changes: list[WindowChange], house: int | None = 7, kind: MeterKind = COLD, day: date = DAY) -> str:
    return rule_for(SITE, changes, house, kind, day).opens


def two_houses(database: Database) -> tuple[int, int]:
    with database.write() as session:
        houses = [House(external_id=name, address=name, town="Parauga") for name in "ab"]
        session.add_all(houses)
        session.flush()
        first, second = (house.id for house in houses)
        assert first and second
        return first, second


def test_without_overrides_the_rule_is_the_sites() -> None:
    assert rule_for(SITE, [], 7, COLD, DAY) == SITE.meters[COLD]


def test_an_override_changes_the_window_and_nothing_else() -> None:
    rule = rule_for(SITE, [change("10")], 7, COLD, DAY)
    assert (rule.opens, rule.closes) == ("10", "last") and rule.window.opens == 10
    assert rule.model_copy(update={"opens": "25", "closes": "28"}) == SITE.meters[COLD]


def test_house_and_kind_beat_house_beats_kind_beats_site_in_any_order() -> None:
    site, kind = change("2", number=4, since=date(2026, 11, 1)), change("3", number=3, kind=COLD)
    house, both = change("4", number=2, house=7), change("5", number=1, house=7, kind=COLD)
    for order in permutations([site, kind, house, both]):
        assert opens([*order]) == "5"
        assert opens([one for one in order if one is not both]) == "4"
        assert opens([one for one in order if one in (site, kind)]) == "3"
    assert opens([site]) == "2"


def test_of_equals_the_one_that_began_last_wins_and_then_the_newer_row() -> None:
    older, newer = change("2", since=date(2026, 3, 1)), change("3", since=date(2026, 3, 2))
    assert opens([older, newer]) == opens([newer, older]) == "3"
    assert opens([change("4", number=9), change("5", number=8)]) == "4"


def test_an_override_of_another_house_or_kind_is_nothing_to_this_one() -> None:
    assert opens([change("2", house=8), change("3", kind=GAS)]) == SITE.meters[COLD].opens
    assert opens([change("2", house=8)], house=None) == SITE.meters[COLD].opens


@pytest.mark.parametrize(("day", "expected"), [(9, "25"), (10, "2"), (20, "2"), (21, "25")])
def test_an_override_holds_from_its_first_to_its_last_day(day: int, expected: str) -> None:
    ten_days = change("2", since=date(2026, 11, 10), until=date(2026, 11, 20))
    assert opens([ten_days], day=date(2026, 11, day)) == expected


def test_overrides_of_the_asked_houses_and_of_the_site_are_loaded(database: Database) -> None:
    first, second = two_houses(database)
    with database.write() as session:
        for house, day in ((first, "2"), (second, "3"), (None, "4")):
            session.add(Override(house_id=house, meter_kind=GAS, opens=day, closes="last", valid_from=DAY))
    with database.read() as connection:
        asked = {
            name: overrides_for(connection, ids, DAY)
            for name, ids in {"one": [first], "all": None, "no": []}.items()
        }
    assert {name: sorted(change.opens for change in changes) for name, changes in asked.items()} == {
        "one": ["2", "4"], "all": ["2", "3", "4"], "no": ["4"],
    }  # fmt: skip
    assert rule_for(SITE, asked["all"], second, GAS, DAY).opens == "3"


def test_overrides_that_ended_are_left_out_and_those_to_come_are_not(database: Database) -> None:
    with database.write() as session:
        for opening, since, until in (("2", 1, 14), ("3", 1, 15), ("4", 16, None)):
            last = until and date(2026, 11, until)
            session.add(
                Override(opens=opening, closes="last", valid_from=date(2026, 11, since), valid_until=last)
            )
    with database.read() as connection:
        assert sorted(change.opens for change in overrides_for(connection, None, DAY)) == ["3", "4"]


def test_days_out_of_order_are_refused_by_the_database(database: Database) -> None:
    with pytest.raises(sa.exc.IntegrityError), database.write() as session:
        session.add(Override(opens="2", closes="last", valid_from=DAY, valid_until=date(2026, 11, 14)))


@pytest.mark.parametrize(("day", "language", "expected"), [
    (9, "en", None), (10, "en", ["One by ŪDEKA.", "Two."]), (12, "en", ["Newer."]), (14, "en", None), (12, "lv", None),
])  # fmt: skip
def test_a_text_is_the_newest_override_of_its_day_else_the_sites(
    database: Database, day: int, language: str, expected: list[str] | None
) -> None:
    bodies = (("One by {name}.\n\nTwo.", 10), ("Newer.", 11))
    with database.write() as session:
        for body, since in bodies:
            first, last = date(2026, 11, since), date(2026, 11, 13)
            session.add(
                TextOverride(key="terms", language="en", body=body, valid_from=first, valid_until=last)
            )
    with database.read() as connection:
        told = text_for(connection, SITE, "terms", language, date(2026, 11, day))
        assert text_for(connection, SITE, "privacy", language, DAY) == SITE.paragraphs(
            SITE.texts[language]["privacy"]
        )
    assert told == (expected or SITE.paragraphs(SITE.texts[language]["terms"]))


def test_a_text_that_no_site_has_is_a_mistake_of_the_caller(database: Database) -> None:
    with database.read() as connection, pytest.raises(KeyError):
        text_for(connection, SITE, "poem", "en", DAY)
