"""The reading verb on both databases: single cases, and long stories against a small reference model."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from sqlmodel import col, select

from models.audit import Actor, AuditRow
from models.cards import MeterCard, cards
from models.customers import Customer
from models.database import Database
from models.entries import submit
from models.meters import Meter, Register
from models.people import User
from models.places import FOR_EVER, Place
from models.premises import House, Premises
from models.readings import Reading
from models.site import load_site
from models.types import MeterKind, Source, TenureRole
from models.weighing import Answer, Entry
from models.windows import Calendar

TODAY = date(2026, 11, 30)
SITE = load_site("ogre")
SINCE = date(2020, 1, 1)


@dataclass
class Flat:
    """A flat of its own in a database: people, meters, and sending."""

    database: Database
    place: Place = field(init=False)
    users: list[int] = field(init=False)
    count: int = 0

    def __post_init__(self) -> None:
        with self.database.write() as session:
            self.users = [self._user(session, name) for name in ("anna", "marta")]
            mark = f"{session.scalar(select(sa.func.count()).select_from(Premises))}"
            house = House(external_id=f"H{mark}", address="", town="")
            customer = Customer(external_id=f"C{mark}", code=mark, name="")
            session.add_all([house, customer])
            session.flush()
            premises = Premises(external_id=f"P{mark}", house_id=house.id, flat="1", address="")
            session.add(premises)
            session.flush()
            self.place = Place(premises.id, premises.public_id, house.id, None, "", None, TenureRole.OWNER, (customer.id,), "", "", SINCE, FOR_EVER)

    def _user(self, session, name: str) -> int:
        known = session.scalars(select(User).where(col(User.username) == name)).first()
        if known is None:
            known = User(username=name, name=name)
            session.add(known)
            session.flush()
        return known.id

    def meter(self, values: Sequence[int], kind=MeterKind.COLD_WATER, where="", last: date = TODAY - timedelta(days=33), **more) -> int:
        """A meter with imported readings a month apart, the last of them on `last`; its register."""
        with self.database.write() as session:
            self.count += 1
            meter = Meter(external_id=f"M{self.place.id}-{self.count}", premises_id=self.place.id, kind=kind, place=where, serial=str(self.count), **more)
            session.add(meter)
            session.flush()
            register = Register(meter_id=meter.id)
            session.add(register)
            session.flush()
            days = [last - timedelta(days=30 * back) for back in reversed(range(len(values)))]
            session.add_all(Reading(register_id=register.id, value=value, read_on=day, source=Source.IMPORT) for value, day in zip(values, days, strict=True))
            return register.id

    def cards(self, today: date = TODAY) -> list[MeterCard]:
        with self.database.read() as connection:
            return Calendar(SITE, (), today).fitted(cards(connection, self.place, today))

    def entry(self, register: int, text: str, reply: str = "", seen: int | None = None, today: date = TODAY) -> Entry:
        """What a form says that is opened now, unless `seen` tells what stood on it."""
        calendar = Calendar(SITE, (), today)
        card, dial = next((card, dial) for card in self.cards(today) for dial in card.dials if dial.register_id == register)
        return Entry(card, dial, calendar.rule(card), calendar.open_window(card), text, reply, seen)

    def send(self, *entries: Entry, user: int = 0, once: str | None = None, today: date = TODAY) -> list[Answer]:
        self.count += 1
        actor = Actor(self.users[user], Source.SELF, self.place.customer_ids[0], None, "password")
        with self.database.write() as session:
            return submit(session, self.place, entries, actor, once or f"{self.place.id}-{self.count}", datetime.now(UTC), today, self.seal(user))

    def seal(self, user: int):
        return lambda words: hashlib.sha256(f"{user}:{words}".encode()).hexdigest()[:32]

    def sent(self, register: int) -> list[Reading]:
        with self.database.write() as session:
            rows = session.scalars(select(Reading).where(Reading.register_id == register, Reading.source == Source.SELF).order_by(col(Reading.id))).all()
            session.expunge_all()
        return list(rows)

    def audit(self) -> list[AuditRow]:
        with self.database.write() as session:
            rows = session.scalars(select(AuditRow).where(AuditRow.premises_id == self.place.id).order_by(col(AuditRow.id))).all()
            session.expunge_all()
        return list(rows)


@pytest.fixture
def flat(database: Database) -> Flat:
    return Flat(database)


MONTHLY = range(64_000, 100_001, 3_000)  # thirteen months; 100,000 at last


def test_what_is_stored_says_by_whom_for_whom_by_which_login_and_under_which_mandate(flat: Flat) -> None:
    register, now = flat.meter(MONTHLY), datetime(2026, 11, 30, 9, 5, tzinfo=UTC)
    actor = Actor(flat.users[1], Source.DELEGATE, flat.place.customer_ids[0], 3, "bank")
    with flat.database.write() as session:
        submit(session, flat.place, [flat.entry(register, "103")], actor, "o" * 20, now, TODAY, flat.seal(1))
    (trail,) = flat.audit()
    with flat.database.write() as session:
        row = session.scalars(select(Reading).where(Reading.source == Source.DELEGATE)).one()
        assert (row.value, row.read_on, row.received_at, row.period, row.status) == (103_000, TODAY, now, date(2026, 11, 1), "received")
        for name, value in vars(actor).items():
            name = name.replace("user_id", "actor_user_id")
            assert getattr(row, name) == value and getattr(trail, name) == value


@pytest.mark.parametrize("statement", ["UPDATE audit SET action = 'x'", "DELETE FROM audit", "UPDATE audit SET at = at WHERE id = 1"])
def test_the_database_itself_refuses_to_change_or_delete_an_audit_row(flat: Flat, statement: str) -> None:
    flat.send(flat.entry(flat.meter(MONTHLY), "103"))
    with pytest.raises(sa.exc.DBAPIError, match="audit rows are never changed"), flat.database.write() as session:
        session.execute(sa.text(statement))
    assert [row.action for row in flat.audit()] == ["reading.submitted"]


def test_nothing_is_left_of_an_act_that_fails_at_its_end(flat: Flat) -> None:
    register = flat.meter(MONTHLY)
    with pytest.raises(RuntimeError), flat.database.write() as session:
        submit(session, flat.place, [flat.entry(register, "103")], Actor(flat.users[0], Source.SELF), "o" * 20, datetime.now(UTC), TODAY, flat.seal(0))
        session.flush()
        raise RuntimeError
    assert not flat.sent(register) and not flat.audit()


def test_a_corrected_reading_is_exported_again_as_changed(flat: Flat) -> None:
    register = flat.meter(MONTHLY)
    flat.send(flat.entry(register, "103"))
    (first,) = flat.sent(register)
    flat.send(flat.entry(register, "104", seen=first.id))
    old, new = flat.sent(register)
    assert old.changed_at == old.superseded_at == new.changed_at > first.changed_at


def test_a_receipt_answers_only_the_person_who_got_it(flat: Flat) -> None:
    register = flat.meter(MONTHLY)
    form = flat.entry(register, "103")
    flat.send(form, once="o" * 20)
    (answer,) = flat.send(flat.entry(register, "104"), user=1, once="o" * 20)
    assert (answer.state, answer.code) == ("question", "taken") and len(flat.sent(register)) == 1


def test_a_reading_older_than_a_year_is_still_the_one_to_compare_with(flat: Flat) -> None:
    register = flat.meter([64_000, 100_000], last=TODAY - timedelta(days=500))
    (answer,) = flat.send(flat.entry(register, "99"))
    assert (answer.state, answer.previous) == ("question", 100_000)
    flat.send(flat.entry(register, "103"))
    (answer,) = flat.send(flat.entry(register, "99", seen=flat.sent(register)[0].id))
    assert (answer.state, answer.previous) == ("question", 100_000), "a correction is weighed like the first"


def test_a_first_reading_raises_no_question_and_tells_no_consumption(flat: Flat) -> None:
    register = flat.meter([])
    (answer,) = flat.send(flat.entry(register, "99999,999"))
    assert (answer.state, answer.used, answer.value) == ("saved", None, 99_999_999)
    (answer,) = flat.send(flat.entry(register, "5", seen=flat.sent(register)[0].id))
    assert answer.state == "saved"


def test_an_import_after_a_reading_of_this_window_does_not_hide_it(flat: Flat) -> None:
    register = flat.meter(MONTHLY)
    flat.send(flat.entry(register, "103"))
    with flat.database.write() as session:
        session.add(Reading(register_id=register, value=103_100, read_on=TODAY, source=Source.REMOTE))
    (answer,) = flat.send(flat.entry(register, "104"))
    assert (answer.code, answer.other.value) == ("sent", 103_000)
    (answer,) = flat.send(flat.entry(register, "104", seen=answer.other.id))
    assert (answer.state, answer.used) == ("saved", 900)


@pytest.mark.parametrize(("hot", "code"), [
    ([("kitchen", 400_000)], "swapped"), ([("kitchen", 400_000), ("bathroom", 700_000)], "swapped"),
    ([("bathroom", 400_000), ("bathroom", 700_000)], "high"), ([("bathroom", 400_000)], "swapped"), ([], "high"),
])  # fmt: skip
def test_hot_is_looked_for_beside_cold_and_only_where_it_is_one(flat: Flat, hot: list, code: str) -> None:
    register = flat.meter(MONTHLY, where="kitchen")
    for where, value in hot:
        flat.meter([value - 3_000, value], MeterKind.HOT_WATER, where)
    (answer,) = flat.send(flat.entry(register, "401"))
    assert answer.state == "question" and (answer.code == "swapped") == (code == "swapped")


@pytest.mark.parametrize("days", [0, 3])
def test_hot_water_of_a_neighbour_or_of_a_meter_that_is_gone_is_not_looked_at(flat: Flat, days: int) -> None:
    register = flat.meter(MONTHLY)
    Flat(flat.database).meter([397_000, 400_000], MeterKind.HOT_WATER)
    flat.meter([397_000, 400_000], MeterKind.HOT_WATER, removed_on=TODAY - timedelta(days=days))
    assert flat.send(flat.entry(register, "401"))[0].code == "high"


def test_what_is_high_is_for_the_site_to_say(flat: Flat) -> None:
    entry = flat.entry(flat.meter(MONTHLY), "108")
    strict = replace(entry, rule=entry.rule.model_copy(update={"high_times": 2, "high_floor": 1_000}))
    assert flat.send(strict)[0].code == "high" and flat.send(entry)[0].state == "saved"


def test_what_is_high_depends_on_the_months_since_the_last_reading(flat: Flat) -> None:
    month, quarter = flat.meter(MONTHLY), flat.meter(MONTHLY, last=TODAY - timedelta(days=95))
    assert flat.send(flat.entry(month, "120"))[0].code == "high"
    assert flat.send(flat.entry(quarter, "120"))[0].state == "saved"


def test_a_meter_that_will_be_taken_down_tomorrow_is_weighed_like_any_other(flat: Flat) -> None:
    register = flat.meter(MONTHLY, removed_on=TODAY + timedelta(days=1))
    assert flat.send(flat.entry(register, "120"))[0].code == "high"


@pytest.mark.parametrize(("days", "used"), [(33, 20_000), (32, None)])
def test_the_readings_of_a_tenure_begin_with_its_first_day(flat: Flat, days: int, used: int | None) -> None:
    register = flat.meter(MONTHLY)
    flat.place = replace(flat.place, since=TODAY - timedelta(days=days))
    (answer,) = flat.send(flat.entry(register, "120"))
    assert (answer.state, answer.used) == ("saved", used)


@pytest.mark.parametrize(("days", "state"), [(63, "question"), (62, "saved")])
def test_the_average_of_a_tenure_begins_with_its_first_day(flat: Flat, days: int, state: str) -> None:
    register = flat.meter(MONTHLY)
    flat.place = replace(flat.place, since=TODAY - timedelta(days=days))
    assert flat.send(flat.entry(register, "120"))[0].state == state


def test_a_reading_of_tomorrow_is_not_known_today(flat: Flat) -> None:
    register = flat.meter(MONTHLY)
    with flat.database.write() as session:
        session.add(Reading(register_id=register, value=150_000, read_on=TODAY + timedelta(days=1), source=Source.IMPORT))
    (answer,) = flat.send(flat.entry(register, "103"))
    assert (answer.state, answer.used) == ("saved", 3_000)


def test_no_consumption_is_asked_about_only_the_first_time(flat: Flat) -> None:
    assert flat.send(flat.entry(flat.meter(MONTHLY), "100"))[0].code == "zero"
    assert flat.send(flat.entry(flat.meter([*MONTHLY, 100_000]), "100"))[0].state == "saved"


def test_hot_water_sent_in_this_window_does_not_hide_that_cold_goes_on_where_hot_was(flat: Flat) -> None:
    register, hot = flat.meter(MONTHLY), flat.meter([397_000, 400_000], MeterKind.HOT_WATER)
    flat.send(flat.entry(hot, "403"))
    (answer,) = flat.send(flat.entry(register, "400,5"))
    assert answer.code == "swapped"


def test_a_reading_of_the_operators_for_this_window_is_measured_against_and_not_replaced(flat: Flat) -> None:
    register = flat.meter(MONTHLY)
    with flat.database.write() as session:
        theirs = Reading(register_id=register, value=102_000, read_on=TODAY, period=date(2026, 11, 1), source=Source.ESTIMATE)
        session.add(theirs)
        session.flush()
        number = theirs.id
    (answer,) = flat.send(flat.entry(register, "103"))
    assert (answer.state, answer.used) == ("saved", 1_000)
    with flat.database.write() as session:
        assert session.get_one(Reading, number).superseded_at is None


def test_to_say_that_it_was_consumption_fills_the_field_even_where_that_value_stands_by_now(flat: Flat) -> None:
    register = flat.meter(MONTHLY)
    (question,) = flat.send(flat.entry(register, "3,5"), user=1)
    flat.send(flat.entry(register, "3,5", reply=f"other:{question.seal}"), user=1)
    (theirs,) = flat.sent(register)
    (answer,) = flat.send(flat.entry(register, "3,5", reply="meant:103500"))
    assert (answer.state, answer.code) == ("question", "taken")
    (answer,) = flat.send(flat.entry(register, "3,5", reply="meant:103500", seen=theirs.id))
    assert (answer.code, answer.value) == ("filled", 103_500) and len(flat.sent(register)) == 1


def test_the_same_value_once_more_tells_the_consumption_of_a_dial_that_turned(flat: Flat) -> None:
    register = flat.meter([99_993_000, 99_996_000])
    (question,) = flat.send(flat.entry(register, "2"))
    flat.send(flat.entry(register, "2", reply=f"other:{question.seal}"))
    (answer,) = flat.send(flat.entry(register, "2,0"))
    assert (answer.state, answer.code, answer.used) == ("saved", "rollover_likely", 6_000)


def test_a_form_of_last_months_window_meets_this_months_as_new(flat: Flat) -> None:
    register, december = flat.meter(MONTHLY), date(2026, 12, 30)
    flat.send(flat.entry(register, "103"), once="o" * 20)
    (answer,) = flat.send(flat.entry(register, "106", today=december), once="o" * 20, today=december)
    assert answer.state == "saved" and [row.period.month for row in flat.sent(register)] == [11, 12]
    assert all(row.superseded_at is None for row in flat.sent(register))


def test_a_form_without_entries_stores_nothing(flat: Flat) -> None:
    assert flat.send() == [] and not flat.audit()


# Long stories


@dataclass(frozen=True)
class Form:
    """An open form: whose, and which reading (its place in the model, its id) stood on it."""

    user: int
    once: str
    seen: int | None
    seen_id: int | None


class Stories(RuleBasedStateMachine):
    """Two people send, correct, repeat and overtake each other on one register; the model is a list of rows."""

    database: Database
    forms = Bundle("forms")
    asked = Bundle("asked")  # questions with their forms

    def __init__(self) -> None:
        super().__init__()
        self.flat = Flat(self.database)
        self.register = self.flat.meter(MONTHLY)
        self.rows: list[tuple[int, int, bool]] = []  # value, user, flagged
        self.receipts: dict[tuple[str, int], tuple[str, str, int]] = {}  # (once, user) → text, reply, row
        self.acts = 0

    def post(self, form: Form, text: str, reply: str = "") -> Answer:
        entry = self.flat.entry(self.register, text, reply, form.seen_id)
        (answer,) = self.flat.send(entry, user=form.user, once=form.once)
        return answer

    def settle(self, form: Form, text: str, reply: str, answer: Answer, value: int, flagged: bool = False) -> bool:
        """What the model says of a value that is taken when nothing stands in its way; whether it was."""
        first, last = self.receipts.get((form.once, form.user)), len(self.rows) - 1
        if first and first[:2] == (text, reply):
            row = first[2]
        elif self.rows and self.rows[-1][0] == value:
            row = last
        elif self.rows and form.seen != last:
            assert (answer.state, answer.code) == ("question", "sent" if self.rows[-1][1] == form.user else "taken")
            assert answer.other and answer.other.value == self.rows[-1][0]
            return False
        else:
            self.rows.append((value, form.user, flagged))
            row = len(self.rows) - 1
        assert (answer.state, answer.value, bool(answer.code)) == ("saved", self.rows[row][0], self.rows[row][2])
        if not (first and first[:2] == (text, reply)):
            self.acts += 1
            self.receipts.setdefault((form.once, form.user), (text, reply, row))
        return True

    @rule(target=forms, user=st.integers(0, 1))
    def open_form(self, user: int) -> Form:
        (dial,) = self.flat.cards()[0].dials
        standing = dial.last.id if dial.last and self.rows else None
        self.flat.count += 1
        return Form(user, f"{self.flat.place.id}-form-{self.flat.count}", len(self.rows) - 1 if self.rows else None, standing)

    @rule(form=forms, value=st.sampled_from([101_000, 103_500, 103_501, 109_000]), comma=st.booleans())
    def send_what_is_usual(self, form: Form, value: int, comma: bool) -> None:
        text = f"{value // 1000}{',' if comma else '.'}{value % 1000:03}"
        answer = self.post(form, text)
        if self.settle(form, text, "", answer, value) and not answer.code:
            assert answer.used == value - 100_000

    @rule(form=forms, text=st.sampled_from(["", "x", "1,2,3", "103,5555", "123456", " "]))
    def send_what_is_no_reading(self, form: Form, text: str) -> None:
        assert self.post(form, text).state == ("problem" if text.strip() else "empty")

    @rule(target=asked, form=forms, value=st.sampled_from([3_000, 60_000, 99_999, 100_000, 130_000, 400_000]), forged=st.sampled_from(["", "correct:", "other:x"]))
    def send_what_looks_wrong(self, form: Form, value: int, forged: str):
        text = f"{value // 1000},{value % 1000}"
        answer = self.post(form, text, forged)
        blocked = bool(self.rows) and (self.rows[-1][0] == value or form.seen != len(self.rows) - 1)
        repeated = self.receipts.get((form.once, form.user), ("",))[0] == text
        if blocked or repeated:
            self.settle(form, text, forged, answer, value)
            return multiple()
        assert answer.state == "question" and answer.seal and answer.text == text
        return form, text, value, answer.seal

    @rule(question=asked, word=st.sampled_from(["correct", "other"]))
    def confirm(self, question, word: str) -> None:
        form, text, value, seal = question
        reply = f"{word}:{seal}"
        self.settle(form, text, reply, self.post(form, text, reply), value, flagged=True)

    @rule(question=asked, user=st.integers(0, 1), value=st.sampled_from([70_000, 500_000]))
    def confirm_for_another_value_or_person(self, question, user: int, value: int) -> None:
        form, text, _, seal = question
        other = Form(1 - form.user, form.once, form.seen, form.seen_id) if user else form
        text = text if user else f"{value // 1000}"
        answer = self.post(other, text, f"correct:{seal}")
        if answer.state == "saved":  # such a value stands already: nobody has to confirm it
            before = len(self.rows)
            self.settle(other, text, f"correct:{seal}", answer, answer.value or 0)
            assert len(self.rows) == before
        else:
            assert answer.state == "question"

    @rule(question=consumes(asked))
    def say_that_it_was_consumption(self, question) -> None:
        form, text, value, _ = question
        answer = self.post(form, text, f"meant:{value + 100_000}")
        assert answer.state == "question" and (value >= 100_000 or answer.code in ("filled", "sent", "taken"))

    @invariant()
    def what_is_stored_is_what_the_model_says(self) -> None:
        stored = self.flat.sent(self.register)
        assert [(row.value, self.flat.users.index(row.actor_user_id), bool(row.flag)) for row in stored] == self.rows
        assert [row.superseded_by_id for row in stored] == [row.id for row in stored[1:]] + [None] * bool(stored)
        assert [row.superseded_at is None for row in stored] == [False] * (len(stored) - 1) + [True] * bool(stored)

    @invariant()
    def every_act_has_its_audit_row(self) -> None:
        trail = self.flat.audit()
        assert len(trail) == self.acts
        assert {(row.once, self.flat.users.index(row.actor_user_id)) for row in trail if row.once} == set(self.receipts)


def test_stories_of_two_people_on_one_meter_agree_with_the_model(database: Database) -> None:
    Stories.database = database
    quick = settings(max_examples=30 if database.is_sqlite else 10, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(Stories, settings=quick)
