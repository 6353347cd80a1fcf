"""When readings are taken: the calendar of a meter, with the overrides that hold on a day."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.cards import Dial, MeterCard
from models.overrides import WindowChange
from models.places import FOR_EVER, Place
from models.rules.windows import window_on
from models.site import load_site
from models.types import MeterKind, TenureRole, ValidKind
from models.windows import Calendar

OGRE, LUDZA = load_site("ogre"), load_site("ludza")  # last-1 to next 1; 25 to 28
PLACE = Place(1, "p", 7, None, "", None, TenureRole.OWNER, (1,), "", "", date(2020, 1, 1), FOR_EVER)
DAYS = st.dates(date(2024, 1, 1), date(2032, 12, 31))


def card(kind: MeterKind = MeterKind.COLD_WATER, place: Place = PLACE, **values: object) -> MeterCard:
    fields = dict(
        id=1, public_id="m", kind=kind, where="", serial="", is_remote=False, is_house=False, removed_on=None,
        valid_until=None, valid_kind=ValidKind.NONE, place=place, dials=(Dial(1, 1, "", None, None, None, None),),
    )  # fmt: skip
    return MeterCard(**fields | values)


def change(opens: str, closes: str, since: date, until: date | None = None, **where: object) -> WindowChange:
    return WindowChange(**{"id": 1, "house_id": None, "meter_kind": None} | where, opens=opens, closes=closes, valid_from=since, valid_until=until)


@given(DAYS)
def test_on_each_day_a_window_is_open_or_the_next_one_is_told(day: date) -> None:
    for site in (OGRE, LUDZA):
        calendar = Calendar(site, (), day)
        window, following = calendar.open_window(card()), calendar.next_window(card())
        assert window is None or window.opens <= day <= window.closes
        assert day < following.opens <= day + timedelta(days=62)


@given(DAYS, st.sampled_from([("20", "22"), ("1", "5"), ("last-2", "next 2"), ("28", "last")]), st.integers(0, 60), st.integers(0, 90))
def test_the_next_dates_begin_on_the_first_day_to_come_on_which_readings_are_taken(day, rule, ahead, length) -> None:
    since = day + timedelta(days=ahead)
    calendar = Calendar(OGRE, (change(*rule, since, since + timedelta(days=length)),), day)
    if calendar.open_window(card()):
        return
    following = calendar.next_window(card())
    later = (day + timedelta(days=n) for n in range(1, 200))
    assert following.opens == next(d for d in later if Calendar(OGRE, calendar.overrides, d).open_window(card()))


def test_the_next_dates_of_a_rule_that_begins_later_are_told() -> None:
    december = change("20", "22", date(2026, 12, 10), date(2026, 12, 25))
    following = Calendar(OGRE, (december,), date(2026, 12, 5)).next_window(card())
    assert (following.opens, following.closes) == (date(2026, 12, 20), date(2026, 12, 22))
    after = Calendar(OGRE, (december,), date(2026, 12, 23)).next_window(card())
    assert after.opens == date(2026, 12, 30), "by the rule of the site, which holds again by then"


def test_a_rule_that_begins_inside_its_own_window_opens_on_that_day() -> None:
    longer = change("10", "25", date(2026, 12, 15))
    following = Calendar(OGRE, (longer,), date(2026, 12, 12)).next_window(card())
    assert (following.opens, following.closes) == (date(2026, 12, 15), date(2026, 12, 25))


@pytest.mark.parametrize(("where", "is_changed"), [({"house_id": 7}, True), ({"house_id": 8}, False), ({"meter_kind": MeterKind.COLD_WATER}, True), ({"meter_kind": MeterKind.GAS}, False)])  # fmt: skip
def test_an_override_holds_for_its_house_and_its_kind_of_meter(where: dict, is_changed: bool) -> None:
    calendar = Calendar(OGRE, (change("10", "12", date(2026, 1, 1), **where),), date(2026, 11, 11))
    assert bool(calendar.open_window(card())) == is_changed


@given(DAYS)
def test_without_overrides_the_sites_rule_holds(day: date) -> None:
    assert Calendar(LUDZA, (), day).open_window(card()) == window_on(LUDZA.meters[MeterKind.GAS].window, day, LUDZA.is_working)


def test_dials_take_the_sites_digits_only_where_they_have_none_of_their_own() -> None:
    own = card(dials=(Dial(1, 1, "", 7, 0, None, None), Dial(2, 2, "", None, None, None, None)))
    (fitted,) = Calendar(OGRE, (), date(2026, 11, 30)).fitted([own])
    assert [(dial.digits, dial.decimals) for dial in fitted.dials] == [(7, 0), (5, 3)]


@pytest.mark.parametrize(
    ("values", "reason"),
    [({}, ""), ({"is_remote": True}, "remote"), ({"is_house": True}, "remote"),
     ({"removed_on": date(2026, 11, 30)}, "ended"), ({"removed_on": date(2026, 12, 1)}, "")],
)  # fmt: skip
def test_who_may_enter_a_reading_depends_on_the_meter(values: dict, reason: str) -> None:
    assert card(**values).refusal(date(2026, 11, 30)) == reason


def test_nobody_enters_a_reading_after_the_last_day_of_a_tenure() -> None:
    ended = Place(**PLACE.__dict__ | {"until": date(2026, 11, 30)})
    assert [card(place=ended).refusal(date(2026, 11, day)) for day in (29, 30)] == ["", ""]
    assert card(place=ended).refusal(date(2026, 12, 1)) == "ended"
