"""What becomes of any typed value: it is taken, asked about, or it cannot be a reading; nothing else, and nothing silently."""

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

from hypothesis import given, settings
from hypothesis import strategies as st

from models.cards import Dial, MeterCard
from models.places import FOR_EVER, Place
from models.rules.windows import window_on
from models.site import load_site
from models.types import MeterKind, Source, TenureRole, ValidKind
from models.weighing import Answer, Decision, Entry, decide

SITE, TODAY = load_site("ogre"), date(2026, 11, 30)
RULE = SITE.meters[MeterKind.COLD_WATER]
PLACE = Place(1, "p", 7, None, "", None, TenureRole.OWNER, (1,), "", "", date(2020, 1, 1), FOR_EVER)
DIAL = Dial(1, 1, "", 5, 3, None, None)
CARD = MeterCard(1, "m", MeterKind.COLD_WATER, "", "", False, False, None, None, ValidKind.NONE, PLACE, (DIAL,))
values = st.integers(0, 99_999_999)
pasts = st.lists(values, max_size=6)


def known(past: list[int]) -> dict[int, list[SimpleNamespace]]:
    """These readings a month apart, the last of them a month ago."""
    days = [TODAY - timedelta(days=30 * back) for back in range(len(past), 0, -1)]
    rows = [
        SimpleNamespace(
            id=n, register_id=1, value=value, read_on=day, rolled_over=False, period=None, source=Source.IMPORT, received_at=datetime(2026, 1, 1, tzinfo=UTC),
            actor_user_id=None, flag=None, kind=MeterKind.COLD_WATER, place="",
        )
        for n, (value, day) in enumerate(zip(past, days, strict=True))
    ]  # fmt: skip
    return {1: rows} if rows else {}


def sent(past: list[int], value: int, reply: str = "", person: int = 1) -> Answer | Decision:
    entry = Entry(CARD, DIAL, RULE, window_on(RULE.window, TODAY, SITE.is_working), f"{value // 1000},{value % 1000:03}", reply)
    return decide(entry, known(past), person, TODAY, lambda words: f"sealed {person} {words}")


@settings(max_examples=400, derandomize=True, deadline=None, database=None)
@given(pasts, values)
def test_every_value_of_the_dial_is_taken_or_asked_about_and_taken_exactly_when_it_is_confirmed(past: list[int], value: int) -> None:
    found = sent(past, value)
    if isinstance(found, Answer):
        assert (found.state, found.value) == ("question", value) and found.verdict and found.seal
        found = sent(past, value, f"correct:{found.seal}")
    assert isinstance(found, Decision) and found.value == value
    assert found.used is None or found.used >= 0


@settings(max_examples=400, derandomize=True, deadline=None, database=None)
@given(pasts.filter(len), values, st.one_of(values, st.integers(-3, 3)), st.sampled_from(["correct", "other"]))
def test_a_confirmation_holds_for_its_value_its_past_and_its_person_alone(past: list[int], value: int, other: int, word: str) -> None:
    asked = sent(past, value)
    other = value + other if abs(other) <= 3 else other
    if not isinstance(asked, Answer) or other == value or not 0 <= other < 100_000_000:
        return
    reply = f"{word}:{asked.seal}"
    for again in (sent(past, other, reply), sent(past, value, reply, person=2), sent([*past[:-1], (past[-1] + 1) % 100_000_000], value, reply)):
        assert isinstance(again, Answer) or not again.flag, "only what is no question at all is taken"


@settings(max_examples=300, derandomize=True, deadline=None, database=None)
@given(pasts, st.integers(0, 5_000))
def test_the_usual_month_of_a_household_is_never_asked_about(past: list[int], more: int) -> None:
    past = sorted(past)
    value = past[-1] + more if past else more
    found = sent(past, value) if value < 100_000_000 else None
    assert not isinstance(found, Answer) or (more == 0 and found.code == "zero")
