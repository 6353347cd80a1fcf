"""The demo's named people and what has happened to their flats: all that the portal must be able to show."""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col
from sqlmodel.sql.sqltypes import UTCDateTime

from auth.methods.password import Passwords, set_password
from auth.methods.second import about
from demo.bill import ESTIMATE, write_bills
from demo.calendar import DAY, Month, Plan
from demo.houses import FIRST, FLATS, Dial, Flat, House, monthly, ordinary_flat, write_customer, write_meter
from demo.rows import Folder, Rows, decimal
from demo.town import DATA
from models.customers import Customer
from models.factors import Factor
from models.identifiers import Identifiers
from models.mandates import Mandate, MandatePremises
from models.notices import Notice, NoticeReceipt
from models.people import User
from models.premises import Premises
from models.rules.mandates import months_on
from models.types import MeterKind, utc_now

# Flats; the customers of all but the second have the same numbers, PREVIOUS was in the main flat before the owner, and
# who has just bought NEW has no account yet.
MAIN, NEIGHBOUR, SECOND, PREVIOUS, NEW = 20_034, 20_012, 20_043, 19_034, 20_021
MONTHS, BEFORE = 36, 6  # of history: the owner's, and his
_CUSTOMERS = {"owner": MAIN, "newcomer": MAIN, "neighbour": NEIGHBOUR}
_LONG = {5: "estimate", 8: "corrected", 11: "missing"}  # months ago
_ROLLED, _REPLACED = 20, 14  # months ago
PEOPLE: list[dict[str, str]] = DATA["people"]  # those who can log in
IDENTIFIED: list[dict[str, Any]] = DATA["identified"]  # those whom the banks and eParaksts know
_OWNER = PEOPLE[0]["name"]


def houses(out: Folder, plan: Plan, rng: random.Random) -> tuple[House, House]:
    """The two houses of the demo, with the flats of the named people in them."""
    neighbour = ordinary_flat(plan, rng, late=1)
    second = ordinary_flat(plan, rng, str(MAIN), late=1, valid_until=plan.today + 21 * DAY)
    own = {MAIN: _main_flat(out, plan, rng), NEIGHBOUR: neighbour, SECOND: second, NEW: ordinary_flat(plan, rng)}
    return House(1, plan.town.big, FIRST, FLATS, own), House(2, plan.town.small, FIRST + FLATS, 8, own)


def let_in(session: Session, hashing: Passwords, keys: Identifiers, terms_version: int) -> None:
    """Give the named people their passwords, and an app for codes to who needs one."""
    people = {person["username"]: person for person in PEOPLE}
    for user in session.scalars(sa.select(User).where(col(User.username).in_(people))).all():
        person = people[user.username]
        set_password(session, hashing, user, person["password"])
        user.password_issued = "issued" in person
        user.terms_version = 0 if user.password_issued else terms_version
        if app := person.get("app"):
            session.add(Factor(user_id=user.id or 0, kind="totp", secret=keys.seal(app, about(user.id or 0))))


def write_people(out: Folder, plan: Plan) -> None:
    """The named people, who they are to the operator and since when. `demo.run` sets their passwords."""
    for person in PEOPLE:
        user, name, language = person["username"], person["name"], person["language"]
        number, email = _CUSTOMERS.get(user), f"{user}@example.com"
        out.add("users", f"U-{user}", user, email, name, language, number and f"C{number}", person["role"])
        if number and user != "newcomer":  # who is the same customer as the owner
            write_customer(out, number, name, language, email=email, phone=f"+371000{number}")
    write_customer(out, PREVIOUS, "Pēteris Kalniņš", "lv")
    write_customer(out, NEW, next(one["name"] for one in IDENTIFIED if one["number"] == NEW), "lv")
    since = plan.months(MONTHS + 1)[0].first
    for number, customer, premises, begins, ends in (
        (PREVIOUS, PREVIOUS, MAIN, date(since.year - 9, 5, 1), since - DAY),
        (MAIN, MAIN, MAIN, since, None),
        (NEIGHBOUR, NEIGHBOUR, NEIGHBOUR, date(since.year - 4, 2, 1), None),
        (SECOND, MAIN, SECOND, date(since.year - 1, 6, 15), None),
        (NEW, NEW, NEW, since, None),
    ):
        out.add("tenures", f"T{number}", f"C{customer}", f"P{premises}", "owner", begins, ends)


def write_papers(out: Folder, plan: Plan, both: Sequence[House]) -> None:
    """Estimates of this year and last, the contract for the main flat, and of each house an act and its house file."""
    contract, begins = out.pdf("ligums", "Līgums", _OWNER), plan.months(MONTHS)[0].first
    out.add("documents", "D0", None, f"P{MAIN}", "contract", "Dzīvokļa apkalpošanas līgums", begins, contract)
    leaflet = out.pdf("rekviziti", "Klienta karte", _OWNER)
    out.add("documents", "D-C", None, None, "other", "Klienta karte", plan.today - 9 * DAY, leaflet, f"C{MAIN}")
    year = plan.today.year
    for house in both:
        name, act = f"H{house.number}", out.pdf(f"akts-{house.number}", "Apsekošanas akts", house.address)
        title = "Mājas apsekošanas akts"
        out.add("documents", f"D{house.number}", name, None, "act", title, date(year - 1, 10, 5), act)
        papers = DATA["house_file"] if "house_file" in plan.site.sections else {}
        for number, (kind, paper) in enumerate(papers.items(), 1):
            file, day = out.pdf(f"{kind}-{house.number}", paper, house.address), date(year, 1, 5) + 27 * number * DAY
            out.add("documents", f"D{house.number}-{number}", name, None, kind, paper, min(day, plan.today), file)
        for percent, of in ((94, year - 1), (100, year)) if plan.town.manages else ():
            for position, (item, price) in enumerate(ESTIMATE.items(), 1):
                row = f"S{house.number}-{of}-{position}", name, of, position, item
                out.add("estimates", *row, decimal(price * percent // 100, 4))


def write_notices(out: Folder, plan: Plan) -> None:
    """What residents have been told, and one notice that is still to come."""
    for number, notice in enumerate(DATA["notices"], 1):
        at = datetime.combine(plan.today + notice["days"] * DAY, time(8, 30))
        until = at + timedelta(hours=notice["hours"]) if "hours" in notice else None
        columns = {f"{what}_{language}": words for language in ("lv", "en", "ru") if language in notice
                   for what, words in zip(("title", "text"), notice[language], strict=True)}  # fmt: skip
        columns |= {"emergency": int(notice.get("emergency", False)), **notice.get("to", {})}
        if name := notice.get("files"):
            columns["files"] = out.pdf(name, *notice["lv"][:1])
        out.add("notices", f"N{number}", at, until, **columns)


def read_notices(session: Session) -> None:
    """Those who can log in have opened the older ones."""
    old = [f"N{number}" for number, notice in enumerate(DATA["notices"], 1) if notice.get("read")]
    people, notices = col(User.id), col(Notice.id)
    opened = sa.select(people, notices, sa.literal(utc_now(), UTCDateTime())).select_from(User).join(Notice, sa.true())
    receipts = sa.insert(NoticeReceipt.__table__)  # type: ignore[attr-defined]
    session.execute(receipts.from_select(
        ["user_id", "notice_id", "read_at"], opened.where(col(Notice.external_id).in_(old))
    ))  # fmt: skip


def lend_to_the_helper(session: Session, today: date) -> None:
    """The owner has lent readings and invoices of her main flat to the helper."""
    users = {user.username: user for user in session.scalars(sa.select(User)).all()}
    owner, helper = users["owner"], users["helper"]
    mandate = Mandate(
        granted_by=owner.id, delegate_id=helper.id, address=helper.email or "", name=helper.name, language="lv",
        rights="submit meters notices invoices", starts_on=today, ends_on=months_on(today, 12), accepted_at=utc_now(),
    )  # fmt: skip
    session.add(mandate)
    session.flush()
    flat = sa.select(col(Premises.id)).where(col(Premises.external_id) == f"P{MAIN}")
    hers = sa.select(col(Customer.id)).where(col(Customer.external_id) == f"C{MAIN}")
    premises, customer = session.execute(flat).scalar_one(), session.execute(hers).scalar_one()
    session.add(MandatePremises(mandate_id=mandate.id or 0, premises_id=premises, customer_id=customer))


def _main_flat(out: Folder, plan: Plan, rng: random.Random) -> Flat:
    rows, area, history = Rows(), 48_700, plan.months(BEFORE + MONTHS + 1)
    counted: list[tuple[MeterKind, list[int]]] = []
    for number, point in enumerate(DATA["points"], 1):
        if (kind := MeterKind(point["kind"])) in plan.town.reads:
            dial = Dial(plan, f"M@-{number}", kind)
            counted += [(kind, amounts) for amounts in _write_point(rows, dial, point, history, rng)]
    used = monthly(history, counted)
    files = {newer: out.pdf(f"rekins-{newer}", "Rēķins", _OWNER) for newer in (3, 15)}
    write_bills(rows, plan, str(PREVIOUS), area, used[:BEFORE], lambda newer, payable, after: (payable, -9))
    write_bills(rows, plan, str(MAIN), area, used[BEFORE:], _pays_like_the_owner, files)
    return Flat(rows.text(), area)


def _pays_like_the_owner(newer: int, payable: int, next_total: int) -> tuple[int, int]:
    special = {
        0: (0, 0),  # not yet paid
        1: (payable * 6 // 10, -5),  # in part: the rest is brought forward
        7: (payable, 6),  # late
        11: (payable + next_total + 1850, -12),  # so much that the next one is a credit
    }
    return special.get(newer, (payable, -12 + newer % 5))


def _write_point(
    rows: Rows, dial: Dial, point: dict[str, Any], history: Sequence[Month], rng: random.Random
) -> list[list[int]]:
    """Write the meter or meters of a point; for each register what it counted in each month."""
    story, amounts = point.get("story", ()), dial.usage(history, rng)
    meter = {"place": point["place"]} | point.get("meter", {})
    if "valid" in point:
        meter["valid_until"] = dial.plan.today + point["valid"] * DAY
    if "remote" in story:
        dial = replace(dial, source="remote")
    elif history[-1].is_open and "sent" not in story:
        dial = replace(dial, marks={0: "missing"})
    if "replaced" in story:
        _write_replaced(rows, dial, meter, history, amounts)
        return [amounts]
    write_meter(rows, dial, **meter)
    if "long" in story:
        rolls = len(history) - 1 - _ROLLED
        start = dial.limit - sum(amounts[:rolls]) - dial.shown(amounts[rolls] // 2)
        replace(dial, marks={**_LONG, **dial.marks}).write(rows, start, history, amounts)
        return [amounts]
    both = [amounts, dial.usage(history, rng)] if "registers" in meter else [amounts]
    for register, counted in enumerate(both, 1):
        replace(dial, register=register).write(rows, 245_000 * register, history, counted)
    return both


def _write_replaced(
    rows: Rows, new: Dial, meter: dict[str, Any], history: Sequence[Month], amounts: Sequence[int]
) -> None:
    """The old meter until the 12th of a month with its final reading, then a verified one from its first.

    The hot water of the main flat stands at 123,456 now, so that 126,5 is a usual month to try.
    """
    at = len(history) - 1 - _REPLACED
    month, changed, part = history[at], history[at].first + 11 * DAY, new.shown(amounts[at] // 2)
    old = replace(new, meter=f"{new.meter}-0", source="self", marks={})
    ended = {"removed": changed, "valid_kind": "verification", "valid_until": changed + 30 * DAY}
    write_meter(rows, old, place=meter["place"], **ended)
    write_meter(rows, new, **({"installed": changed, "replaces": old.meter} | meter))
    final = old.write(rows, 312_000, history[:at], amounts[:at]) + part
    old.one(rows, "final", final, changed, "staff", month)
    used = [amounts[at] - part, *amounts[at + 1 :]]
    shown = sum(used[:-1] if new.marks.get(0) == "missing" else used)
    first = max(0, 123_456 - shown) if new.kind is MeterKind.HOT_WATER else 0
    new.one(rows, "first", first, changed, "staff", None)
    new.write(rows, first, history[at:], used)
