"""Months of readings on one flat, by the real door, against a model that was written from the rules and not from the
product: two people, corrections, repeats, retries, days that pass, meters that are replaced, dials that turn."""

import io
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlmodel import col, select

from jobs.exports import export_readings
from models.audit import AuditRow
from models.clock import Clock
from models.customers import Customer
from models.meters import Meter, Register
from models.premises import House, Premises
from models.readings import Reading
from models.tenures import Tenure
from models.throttle import Throttle
from models.types import MeterKind, Source, TenureRole
from tests.browser import Browser, Page
from tests.standing import change, fetch
from tests.views.reading_form import HTMX, second_person
from views.limits import limiter

DAY, FIRST, DIAL = timedelta(days=1), date(2026, 11, 29), 100_000_000


@dataclass
class Row:
    """A reading as the model has it; `who` is None for the operator."""

    meter: str
    value: int
    day: date
    period: date | None
    who: int | None
    current: bool = True
    turned: bool | None = False  # whether the dial began anew; None: it may be called either


@dataclass
class Model:
    """What there is, and what becomes of a value. The window is the last two days of a month and the next one's first."""

    day: date = FIRST
    rows: list[Row] = field(default_factory=list)
    gone: dict[str, date] = field(default_factory=dict)
    receipts: dict[tuple[str, int], str] = field(default_factory=dict)
    acts: int = 0

    @property
    def period(self) -> date | None:
        """The month for which readings are taken today."""
        months = [(self.day - DAY).replace(day=1)] if self.day.day == 1 else []
        return [*months, self.day.replace(day=1)][0] if months or (self.day + 2 * DAY).day <= 2 else None

    def standing(self, meter: str) -> int | None:
        """The place of this window's reading."""
        mine = [n for n, row in enumerate(self.rows) if row.meter == meter and row.current and row.who is not None and row.period == self.period]
        return mine[-1] if mine and self.period else None

    def previous(self, meter: str) -> int | None:
        """The value before this window's."""
        now = self.standing(meter)
        mine = [(row.day, n) for n, row in enumerate(self.rows) if row.meter == meter and row.current and n != now]
        return self.rows[max(mine)[1]].value if mine else None

    def outcome(self, form: "Form", content: str, value: int) -> str:
        """again, refused, same, overtaken; or it is judged by how likely it is."""
        now = self.standing(form.meter)
        if self.receipts.get((form.once, form.who)) == content:
            return "again"
        if self.period is None or self.gone.get(form.meter, date.max) <= self.day:
            return "refused"
        if now is not None and self.rows[now].value == value:
            return "same"
        return "judged" if now is None or now == form.seen else "overtaken"

    def take(self, form: "Form", content: str, value: int, turned: bool | None = False) -> None:
        """It is acknowledged."""
        now = self.standing(form.meter)
        if now is None or self.rows[now].value != value:
            self.rows.append(Row(form.meter, value, self.day, self.period, form.who, True, turned))
            if now is not None:
                self.rows[now].current = False
        self.receipts.setdefault((form.once, form.who), content)
        self.acts += 1


@dataclass(frozen=True)
class Form:
    """An open form: whose, and the place of the reading that stood on it."""

    who: int
    meter: str
    fields: tuple[tuple[str, str], ...]
    seen: int | None

    @property
    def once(self) -> str:
        """Its submission id."""
        return dict(self.fields)["once"]


def turns(before: int, value: int) -> bool | None:
    """Whether a value that is confirmed means that the dial began anew: from its last 5 % to its first."""
    if before < DIAL * 0.95 or value > DIAL * 0.05:
        return False
    used = DIAL - before + value
    return True if used <= 5_000 or before + value >= DIAL else None  # beyond, it depends on the average


class Months(RuleBasedStateMachine):
    """Anna and Marta, one flat, one meter that is replaced now and then, another that is read from afar."""

    app: Flask
    people: tuple[Browser, Browser]
    users: dict[int, int]
    forms, asked, done = Bundle("forms"), Bundle("asked"), Bundle("done")

    def __init__(self) -> None:
        super().__init__()
        self.model = Model()
        change(self.app, sa.delete(Throttle))
        with self.app.app_context():
            limiter.reset()
        with self.app.extensions["ekabinets"].database.write() as session:
            number = session.scalar(select(sa.func.count()).select_from(Premises))
            customer = session.scalars(select(Customer).where(col(Customer.code) == "20417")).one()
            house = House(external_id=f"mh{number}", address=f"Jauna iela {number}", town="Ogre")
            session.add(house)
            session.flush()
            place = Premises(external_id=f"mp{number}", house_id=house.id, flat="1", address=f"Jauna iela {number}–1")
            session.add(place)
            session.flush()
            session.add(Tenure(external_id=f"mt{number}", customer_id=customer.id, premises_id=place.id, role=TenureRole.OWNER, starts_on=date(2020, 1, 1)))
            self.place, self.pid = place.id, place.public_id
        self.to_day(FIRST)
        self.remote = self.new_meter(1_000, is_remote=True)
        self.model.rows.pop()  # nobody reads that one

    def new_meter(self, value: int, **more: Any) -> str:
        """A meter with its first reading, of the day before."""
        day = self.model.day - DAY
        with self.app.extensions["ekabinets"].database.write() as session:
            number = session.scalar(select(sa.func.count()).select_from(Meter))
            meter = Meter(external_id=f"mm{number}", premises_id=self.place, kind=MeterKind.COLD_WATER, serial=f"{number}", installed_on=day, **more)
            session.add(meter)
            session.flush()
            register = Register(meter_id=meter.id)
            session.add(register)
            session.flush()
            session.add(Reading(register_id=register.id, value=value, read_on=day, source=Source.IMPORT))
            self.model.rows.append(Row(meter.public_id, value, day, None, None))
            return meter.public_id

    def to_day(self, day: date) -> None:
        self.model.day = day
        held = self.app.extensions["ekabinets"]
        self.app.extensions["ekabinets"] = replace(held, clock=Clock(held.site.zone, day))

    def post(self, form: Form, text: str, reply: str = "") -> tuple[int, Page]:
        fields = {**dict(form.fields), f"r-{form.meter}-1": text} | ({f"reply-{form.meter}-1": reply} if reply else {})
        browser = self.people[form.who]
        page = browser.post(f"/meters/{form.meter}/reading", fields, headers=HTMX)
        return browser.status, page

    def answered(self, form: Form, page: Page, seen: int | None) -> Form:
        """The form as it comes back with a question."""
        return replace(form, fields=tuple(page.form(f"/meters/{form.meter}/reading").fields.items()), seen=seen)

    def settle(self, form: Form, value: int, reply: str = "", turned: bool | None = False, likely: bool = False):
        """Send a value; what is not judged must end as the model says, and a likely value is taken."""
        text = f"{value // 1000},{value % 1000:03}"
        content = f"{text} {reply}"
        outcome = self.model.outcome(form, content, value)
        status, page = self.post(form, text, reply)
        assert status in {"again": [200], "refused": [422], "same": [200], "overtaken": [409], "judged": [200] if likely else [200, 409]}[outcome], (outcome, page.text)
        if status == 200 and outcome != "again":
            self.model.take(form, content, value, turned)
        return outcome, status, page

    @initialize(target=forms, start=st.sampled_from([99_993_000, 99_993_000, 50_000_000]))
    def two_forms(self, start: int):
        self.meter = self.new_meter(start)
        return multiple(self.open_form(0), self.open_form(1))

    @rule(target=forms, who=st.integers(0, 1))
    @precondition(lambda self: self.model.period)
    def open_one(self, who: int):
        return self.open_form(who)

    def open_form(self, who: int) -> Form:
        page = self.people[who].get(f"/meters/{self.meter}/reading", headers=HTMX)
        form = Form(who, self.meter, (), self.model.standing(self.meter))
        return self.answered(form, page, form.seen)

    def fresh(self, form: Form, is_fresh: bool) -> Form:
        """Now and then the form is opened just now."""
        return self.open_form(form.who) if is_fresh and self.model.period else form

    @rule(target=done, form=forms, is_fresh=st.booleans(), more=st.sampled_from([1, 500, 3_000, 4_999, 5_000]))
    def send_what_is_usual(self, form: Form, is_fresh: bool, more: int):
        form = self.fresh(form, is_fresh)
        value = (self.model.previous(form.meter) or 0) + more
        if value >= DIAL:
            return multiple()
        _, status, page = self.settle(form, value, likely=True)
        assert status != 409 or "already" in page.text or "meanwhile" in page.text
        return (form, value, "") if status == 200 else multiple()

    @rule(target=asked, form=forms, is_fresh=st.booleans(), at_once=st.booleans(), how=st.sampled_from(["lower", "far above", "turned", "turned", "consumption"]), by=st.integers(1, 900))
    def send_what_looks_wrong(self, form: Form, is_fresh: bool, at_once: bool, how: str, by: int):
        form = self.fresh(form, is_fresh)
        before = self.model.previous(form.meter) or 0
        value = {"lower": before - by * 10, "far above": before + by * 50_000, "turned": before + by * 5 - DIAL, "consumption": by * 5}[how]
        if not 0 <= value < DIAL:
            return multiple()
        outcome, status, page = self.settle(form, value)
        assert outcome != "judged" or value > before or status == 409, "what fell is always asked about"
        if (outcome, status) != ("judged", 409):
            return multiple()
        choices = page.form(f"/meters/{form.meter}/reading").choices[f"reply-{form.meter}-1"]
        question = self.answered(form, page, form.seen), value, before, self.model.day, choices
        if at_once:
            assert self.agree(question, "")
        return multiple() if at_once else question

    @rule(target=done, question=asked, word=st.sampled_from(["", "correct", "other"]))
    def confirm(self, question, word: str):
        return self.agree(question, word) or multiple()

    def agree(self, question, word: str):
        """Answer a question; the form and what it said where it was taken."""
        form, value, before, day, choices = question
        reply = next((one for one in choices if one.startswith(("correct:", "other:")) and one.startswith(word)), "")
        same = reply and (before, day) == (self.model.previous(form.meter), self.model.day)
        turned = turns(before, value)
        _, status, _ = self.settle(form, value, reply, turned, likely=bool(same))
        return (form, value, reply) if status == 200 else None

    @rule(question=asked, by=st.integers(1, 9))
    def a_confirmation_holds_for_no_other_value(self, question, by: int) -> None:
        form, value, before, _, choices = question
        other = value - by * 1000
        if not 0 <= other < min(before, self.model.previous(form.meter) or 0):
            return
        outcome, status, _ = self.settle(form, other, next(one for one in choices if ":" in one))
        assert outcome != "judged" or status == 409

    @rule(sent=done)
    def send_the_same_form_again(self, sent) -> None:
        form, value, reply = sent
        outcome, status, _ = self.settle(form, value, reply)
        assert outcome != "again" or status == 200

    @rule(target=forms, form=forms)
    def replace_what_somebody_sent_meanwhile(self, form: Form):
        value = (self.model.previous(form.meter) or 0) + 2_345
        if value >= DIAL or self.model.outcome(form, f"{value // 1000},{value % 1000:03} ", value) != "overtaken":
            return multiple()
        _, _, page = self.settle(form, value)
        again = self.answered(form, page, self.model.standing(form.meter))
        self.settle(again, value, likely=True)
        return again

    @rule(form=forms, text=st.sampled_from(["", " ", "x", "1,2,3", "0,0001", "100000", "١٢٣", "1e3", "-5", "to the remote meter"]))
    def send_what_is_no_reading(self, form: Form, text: str) -> None:
        remote = replace(form, meter=self.remote)
        assert (self.post(remote, "2") if text.startswith("to") else self.post(form, text))[0] == 422

    @rule(days=st.sampled_from([1, 1, 30]))
    @precondition(lambda self: self.model.period)
    def days_pass(self, days: int) -> None:
        self.to_day(self.model.day + timedelta(days=days))

    @rule()
    @precondition(lambda self: not self.model.period)
    def a_window_opens(self) -> None:
        self.to_day(next(day for n in range(1, 40) if (day := self.model.day + n * DAY) and (day + 2 * DAY).day == 1))

    @rule()
    @precondition(lambda self: not self.model.period and (self.model.previous(self.meter) or 0) < DIAL - 1_000)
    def the_operator_estimates(self) -> None:
        value = (self.model.previous(self.meter) or 0) + 1_000
        register = sa.select(col(Register.id)).join(Meter).where(col(Meter.public_id) == self.meter).scalar_subquery()
        change(self.app, sa.insert(Reading).values(register_id=register, value=value, read_on=self.model.day, source=Source.ESTIMATE))
        self.model.rows.append(Row(self.meter, value, self.model.day, None, None))

    @rule(start=st.sampled_from([0, 250_000, 99_998_000]))
    @precondition(lambda self: sum(row.meter == self.meter for row in self.model.rows) > 2)
    def the_meter_is_replaced(self, start: int) -> None:
        change(self.app, sa.update(Meter).where(col(Meter.public_id) == self.meter).values(removed_on=self.model.day))
        self.model.gone[self.meter] = self.model.day
        self.meter = self.new_meter(start)

    def stored(self) -> list[Any]:
        tables = sa.select(Reading.__table__, col(Meter.public_id)).join(Register, col(Register.id) == col(Reading.register_id)).join(Meter)
        return list(fetch(self.app, tables.where(col(Meter.premises_id) == self.place, col(Meter.public_id) != self.remote).order_by(col(Reading.id))))

    @invariant()
    def what_is_stored_is_what_the_model_says(self) -> None:
        rows = self.stored()
        assert [(row.public_id, row.value, row.read_on, row.period, self.users.get(row.actor_user_id), row.superseded_at is None) for row in rows] == [
            (row.meter, row.value, row.day, row.period, row.who, row.current) for row in self.model.rows
        ]
        assert all(mine.turned in (None, row.rolled_over) for mine, row in zip(self.model.rows, rows, strict=True))
        by_people = [(row.meter, row.period) for row in self.model.rows if row.current and row.who is not None]
        assert len(by_people) == len({*by_people}), "one reading for a month"
        assert all((row.superseded_by_id is None) == (row.superseded_at is None) for row in rows)

    @invariant()
    def every_act_has_its_audit_row(self) -> None:
        trail = fetch(self.app, sa.select(AuditRow.__table__).where(col(AuditRow.premises_id) == self.place))
        assert len(trail) == self.model.acts
        assert {(row.once, self.users[row.actor_user_id]) for row in trail if row.once} == {*self.model.receipts}

    def teardown(self) -> None:
        """What is exported is what the model says, each correction with what it corrects."""
        out = io.StringIO()
        export_readings(self.app.extensions["ekabinets"].database, None, out)
        lines = {cells[0]: cells for cells in (line.split(";") for line in out.getvalue().splitlines())}
        mine = [lines[row.external_id] for row in self.stored()]
        assert [cells[3] for cells in mine] == [f"{row.value / 1000:.3f}".rstrip("0").rstrip(".").replace(".", ",") for row in self.model.rows]
        corrected = {cells[8] for cells in mine} - {""}
        assert corrected == {cells[0] for cells, row in zip(mine, self.model.rows, strict=True) if not row.current}


@pytest.fixture
def months(app: Flask, anna: Browser) -> Callable[[], type[Months]]:
    Months.app, Months.people = app, (anna, second_person(app))
    names = ("anna", "marta")
    found = fetch(app, sa.text("SELECT username, id FROM user_account WHERE username IN ('anna', 'marta')"))
    Months.users = {row.id: names.index(row.username) for row in found}
    return Months


def test_months_of_two_people_agree_with_the_model(months: type[Months], dialect: str) -> None:
    quick = settings(
        max_examples=60 if dialect == "sqlite" else 25, stateful_step_count=40, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    run_state_machine_as_test(months, settings=quick)
