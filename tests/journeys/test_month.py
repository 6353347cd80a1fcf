"""A month of each site, day by day: what people and the billing system do, and the letters that the site sends by itself.

The clock is moved, nothing else: over the New Year, and over both changes of the clock. `months/` has every letter.
"""

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from jobs.exchange import door
from jobs.mail import Post
from jobs.worker import begin_day, turn
from models import types
from models.meters import Meter
from models.readings import Reading
from models.types import ExternalStatus, MeterKind
from tests.browser import Browser
from tests.cast import ZONE, Cast
from tests.mailserver import Mailbox, mail_server, text
from tests.standing import change, main
from tests.views.by_link import current
from tests.views.test_api import Program

GOLDEN = Path(__file__).parent / "months"
DAY = timedelta(days=1)
# The first and last days of the windows of a December, a March and an October, as a person finds them in a calendar by
# the words of the seeds (OG-27; LU-26 and ours; UD-01; DD-17; LG-10). 1 January 2027 is a Friday; the clock changes on
# 28 March, in the last hours of the 25th to the 28th, and on 31 October.
WINDOWS = {
    "ogre": ("2026-12-30 2027-01-01", "2027-03-30 2027-04-01", "2027-10-30 2027-11-01"),
    "ludza": ("2026-12-25 2026-12-28", "2027-03-25 2027-03-28", "2027-10-25 2027-10-28"),
    "ventspils": ("2026-12-25 2026-12-28", "2027-03-25 2027-03-28", "2027-10-25 2027-10-28"),
    "daugavpils": ("2026-12-27 2026-12-31", "2027-03-27 2027-03-31", "2027-10-27 2027-10-31"),
    "gaze": ("2026-12-27 2027-01-04", "2027-03-27 2027-04-01", "2027-10-27 2027-11-01"),
}


# She reads in December, March and October, and before that in October 2026.
MISSED = {
    12: "1 period has passed without a reading.", 3: "2 periods in a row have passed without a reading.",
    10: "6 periods in a row have passed without a reading.",
}  # fmt: skip


class Moved(datetime):
    """The clock of the whole application."""

    moment = datetime(2026, 12, 1, tzinfo=UTC)

    @classmethod
    def now(cls, tz: Any = None) -> datetime:
        return cls.moment.astimezone(tz)


def said(letter: EmailMessage) -> str:
    """To whom a letter is, about what, and the days that it names."""
    days = dict.fromkeys(re.findall(r"\d\d\.\d\d\.\d{4}", text(letter)))
    return f"{letter['To']}  {letter['Subject']}{'  | ' if days else ''}{' '.join(days)}"


@dataclass
class Story:
    """A site with its people, and what was noted: letters as they came, readings as they were promised to be kept."""

    app: Flask
    cast: Cast
    box: Mailbox
    anna: Browser
    billing: Program
    letters: list[str] = field(default_factory=list)
    promised: list[tuple[str, str, str]] = field(default_factory=list)  # day, period, value

    def at(self, day: date, hour: str) -> None:
        """It is that time at the site."""
        Moved.moment = datetime.combine(day, time.fromisoformat(hour), ZONE).astimezone(UTC)

    def work(self) -> None:
        """The worker looks, with whatever a new day brings; what it sends is noted."""
        held, before = self.app.extensions["ekabinets"], len(self.box.letters)
        with self.app.app_context():
            begin_day(held)
            turn(held)
            Post(self.app).send_due()
        now = Moved.moment.astimezone(ZONE)
        self.letters += sorted(f"{now:%Y-%m-%d %H:%M}  {said(letter)}" for letter in self.box.letters[before:])

    def usual(self, meter: str) -> str:
        return f"{(current(self.app, meter).value + 3000) // 1000}"


@pytest.fixture
def box() -> Iterator[Mailbox]:
    yield Mailbox()


@pytest.fixture
def at_site(make_app: Callable[..., Flask], cast: Cast, box: Mailbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Story]]:
    """Anna, Viktors and the billing system of one site; each flat has one meter of the site's kind."""
    monkeypatch.setattr(types, "datetime", Moved)
    monkeypatch.setattr(Moved, "moment", datetime(2026, 12, 1, 8, tzinfo=UTC))
    monkeypatch.setattr(door, "LAG", -timedelta(seconds=1))
    with mail_server(box) as port:

        def settle(site: str) -> Story:
            app = make_app(site=site, today=None, smtp_host="127.0.0.1", smtp_port=port, smtp_security="none", mail_from="noreply@example.lv")
            change(app, sa.update(Meter).where(Meter.public_id.not_in([cast.cold, cast.stranger_meter])).values(is_remote=True, valid_until=None))
            kind = MeterKind.GAS if site == "gaze" else MeterKind.COLD_WATER
            change(app, sa.update(Meter).where(Meter.is_remote.is_(False)).values(kind=kind, valid_until=None))
            change(app, sa.update(Reading).values(status=ExternalStatus.ACCEPTED))
            return Story(app, cast, box, Browser(app), Program(app, days=400))

        yield settle


def bill(story: Story, day: date) -> None:
    """The billing system brings the invoices of a month, and what was paid."""
    common = {"period_from": f"{day.replace(day=1)}", "period_to": f"{day}", "issued": f"{day}", "due": f"{day + 20 * DAY}", "net": "10.00", "vat": "2.10", "total": "12.10", "payable": "12.10", "iban": "LV44DEMO0000000000001", "reference": "1"}
    rows = [common | {"external_id": f"{code}-{day}", "customer": f"C{code}", "premises": flat, "number": f"{code}-{day:%y%m}"} for code, flat in (("20417", "P34"), ("20418", "P35"))]
    told = story.billing.post("invoices", rows)[1]
    assert told.get("added") == 2, told
    paid = {"external_id": f"P{day}", "customer": "C20417", "invoice": f"20417-{day}", "date": f"{day}", "amount": "12.10"}
    assert story.billing.post("payments", [paid])[1]["added"] == 1


def too_early(story: Story, day: date) -> None:
    """In the last second before the window Anna is told when it opens, and nothing is taken."""
    story.at(day, "23:59:59")
    before, path = current(story.app, story.cast.cold).id, f"/meters/{story.cast.cold}/reading"
    assert MISSED[day.month] in main(story.anna.get(f"/properties/{story.cast.flat}"))
    page = story.anna.get(f"/properties/{story.cast.flat}/meters")
    assert path not in {form.action for form in page.forms} and f"{day + DAY:%-d %b %Y}" in main(page)
    token = page.forms[0].fields["csrf_token"]
    story.anna.post(path, {"csrf_token": token, "once": "o" * 22, f"r-{story.cast.cold}-1": story.usual(story.cast.cold)}, follow=False)
    assert story.anna.status in (409, 422) and current(story.app, story.cast.cold).id == before


def reads(story: Story, day: date) -> None:
    """In the first second of the window Anna reads her meter."""
    path, value = f"/meters/{story.cast.cold}/reading", story.usual(story.cast.cold)
    story.anna.submit(story.anna.get(path), path, **{f"r-{story.cast.cold}-1": value})
    keep(story, story.cast.cold, day, day, value)


def by_link(story: Story, opens: date, closes: date) -> None:
    """In the last second of it Viktors follows the link of his last letter, and a second later nobody can."""
    link = re.findall(r"http://localhost(/r/\S+)", text(story.box.to("viktors@example.com")[-1]))[0]
    story.at(closes, "23:59:59")
    visitor, field, value = Browser(story.app), f"r-{story.cast.stranger_meter}-1", story.usual(story.cast.stranger_meter)
    form = visitor.get(link).form(link).fields
    late = visitor.get(link).form(link).fields
    visitor.post(link, form | {field: value})
    keep(story, story.cast.stranger_meter, opens, closes, value)
    story.at(closes + DAY, "00:00")
    visitor.post(link, late | {field: f"{int(value) + 1}"})
    assert visitor.status == 410 and current(story.app, story.cast.stranger_meter).value == int(value) * 1000


def keep(story: Story, meter: str, opens: date, day: date, value: str) -> None:
    """It stands with the day of the site and the month of the window, and is promised to the billing system."""
    row = current(story.app, meter)
    assert (row.value, row.read_on, row.period) == (int(value) * 1000, day, opens.replace(day=1))
    story.promised.append((f"{day}", f"{opens:%Y-%m}", value))


def handed_over(story: Story) -> None:
    """After it the billing system finds what was promised to people, all of it and nothing else."""
    rows = story.billing.get("/api/v1/readings/changes?open=1").get_json()["readings"]
    assert sorted((row["date"], row["period"], row["value"].removesuffix(".000")) for row in rows) == sorted(story.promised)
    answers = [{"external_id": row["external_id"], "status": "accepted", "status_reason": ""} for row in rows]
    assert story.billing.post("readings", answers)[1]["changed"] == len(rows)
    story.promised.clear()


def live(story: Story, opens: date, closes: date, *, viktors: bool) -> None:
    """From twelve days before a window to five days after it; on the days when the clock changes by the hour."""
    changed, last = {date(2027, 3, 28), date(2027, 10, 31)}, closes + 5 * DAY
    acts: dict[tuple[date, str], Callable[[], None]] = {
        (opens - 10 * DAY, "12:00"): lambda: bill(story, opens - 10 * DAY),
        (opens - DAY, "23:59"): lambda: too_early(story, opens - DAY),
        (opens, "00:00"): lambda: reads(story, opens),
        (last, "19:00"): lambda: handed_over(story),
    }
    if viktors:
        acts[closes, "23:59"] = lambda: by_link(story, opens, closes)
    days = (opens + n * DAY for n in range(-12, (last - opens).days + 1))
    looks = {(day, hour) for day in days for hour in ("00:05", "08:59", "09:00", "18:00")}
    looks |= {(day, f"{hour:02}:30") for day in changed if opens <= day <= last for hour in range(24)}
    for day, hour in sorted(looks | {*acts}):
        story.at(day, hour)
        acts.get((day, hour), story.work)()


@pytest.mark.parametrize("site", WINDOWS)
def test_a_december_a_march_and_an_october_pass_by_themselves(at_site: Callable[[str], Story], site: str, cast: Cast):
    story = at_site(site)
    where = f"/properties/{cast.flat}/einvoice"
    for number, days in enumerate(WINDOWS[site]):
        opens, closes = map(date.fromisoformat, days.split())
        story.at(opens - 12 * DAY, "00:00")
        story.anna.log_in("anna", remember="1")
        story.anna.submit(story.anna.get(where), where, form="link")
        change(story.app, sa.update(Meter).where(Meter.public_id == cast.cold).values(valid_until=opens + 29 * DAY))
        live(story, opens, closes, viktors=number < 2)
    told = "".join(f"{line}\n" for line in story.letters)
    if os.environ.get("UPDATE_GOLDEN") == "1":
        (GOLDEN / f"{site}.txt").write_text(told, "utf-8")
    assert told == (GOLDEN / f"{site}.txt").read_text("utf-8"), "read the difference, then UPDATE_GOLDEN=1 writes it"
