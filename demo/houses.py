"""Houses, their flats and the meters of both with their readings.

A few flats are worked out in full, as text; every other one is one of these with its own number and name in
it. That is what makes a million customers cheap.
"""

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import cycle
from typing import Any

from demo.bill import Used, is_winter, write_bills
from demo.calendar import Month, Plan
from demo.rows import Folder, Rows, Text, decimal
from demo.town import DATA, demo_iban, person, personal_code
from models.types import MeterKind

FLATS = 40
FIRST = 20_001  # customer codes have five digits as long as there are fewer than 80,000


@dataclass(frozen=True)
class Dial:
    """A register of the meter with this external id. `marks`: months ago → missing, estimate or corrected."""

    plan: Plan
    meter: str
    kind: MeterKind
    register: int = 1
    source: str = "self"
    marks: Mapping[int, str] = field(default_factory=dict)

    @property
    def limit(self) -> int:
        """Where it starts from zero again, thousandths."""
        return int(1000 * 10 ** self.plan.site.meters[self.kind].digits)

    def shown(self, amount: int) -> int:
        """As much of an amount as it can show, but not nothing."""
        step = int(10 ** (3 - self.plan.site.meters[self.kind].decimals))
        return max(step, amount // step * step)

    def usage(self, history: Sequence[Month], rng: random.Random) -> list[int]:
        """What it counts in each of these months, thousandths."""
        low, high, winter = DATA["usage"][self.kind]
        return [self.shown(rng.randint(low, high) * (winter if is_winter(month.first) else 1)) for month in history]

    def write(self, rows: Rows, value: int, history: Sequence[Month], used: Sequence[int]) -> int:
        """Write a reading for each month, `value` being what it showed before; what it shows at last."""
        for month, amount in zip(history, used, strict=True):
            has_rolled, value = value + amount >= self.limit, (value + amount) % self.limit
            mark, tag, corrects = self.marks.get(month.ago), f"{month.first:%Y%m}", None
            day, source = month.read_on(month.ago * 7), "estimate" if mark == "estimate" else self.source
            if mark == "corrected":
                corrects = self.one(rows, f"{tag}-typed", value + 10 * amount, day, source, month)
            if mark != "missing":
                self.one(rows, tag, value, day, source, month, rolled_over=int(has_rolled), corrects=corrects)
        return value

    def one(self, rows: Rows, tag: str, value: int, day: date, source: str, month: Month | None, **more: Any) -> str:
        """Write one reading; its external id."""
        name = f"R{self.meter}-{self.register}-{tag}"
        shown = decimal(value, 3, self.plan.site.meters[self.kind].decimals)
        period = f"{month.first:%Y-%m}" if month else None
        rows.add("readings", name, self.meter, self.register, shown, day, period, source, **more)
        return name


@dataclass(frozen=True)
class Flat:
    """A flat's rows with "@" for its number (see `Rows`), and its area in thousandths of m²."""

    text: Text
    area: int


@dataclass(frozen=True)
class House:
    """A house; its flats are numbered from `first`. `own`: number → a flat whose people others write."""

    number: int
    address: str
    first: int
    flats: int
    own: Mapping[int, Flat] = field(default_factory=dict)


def write_meter(rows: Rows, dial: Dial, **more: Any) -> None:
    """Write the meter of a dial; what `more` leaves out is that of a good ordinary meter in the flat "@"."""
    year, name, kind = dial.plan.today.year, dial.meter, dial.kind
    usual = {"premises": "P@", "installed": date(year - 5, 9, 12), "valid_kind": "replacement"}
    usual |= {"valid_until": date(year + 4, 6, 30)}
    usual["number"] = f"{list(MeterKind).index(kind) + 1}{name[1:].replace('-', '')}"
    rows.add("meters", name, kind=kind, **(usual | more))


def write_customer(rows: Rows, number: int, name: str, language: str, **more: Any) -> None:
    """Write a customer whose external id, customer code and personal code are made of `number`."""
    more |= {"language": language, "settlement": "metered"}
    rows.add("customers", f"C{number}", number, name, "person", personal_code(number), **more)


def monthly(history: Sequence[Month], counted: Sequence[tuple[MeterKind, Sequence[int]]]) -> list[tuple[Month, Used]]:
    """Each month with the consumption of all meters by kind."""
    kinds = dict.fromkeys(kind for kind, _ in counted)
    return [
        (month, {kind: sum(amounts[place] for one, amounts in counted if one == kind) for kind in kinds})
        for place, month in enumerate(history)
    ]


def ordinary_flat(plan: Plan, rng: random.Random, customer: str = "@", late: float = 0.4, **meter: Any) -> Flat:
    """A flat with its usual meters, of which `meter` is said; `customer` pays.

    `late` is how probably this month's readings are not yet there while the window is open.
    """
    rows, area, history = Rows(), rng.randrange(31_000, 78_000, 100), plan.history
    is_late = history[-1].is_open and rng.random() < late
    counted = []
    for number, (kind, place) in enumerate(_points(plan, rng), 1):
        dial = Dial(plan, f"M@-{number}", kind, marks={0: "missing"} if is_late else {})
        write_meter(rows, dial, place=place, **meter)
        counted.append((kind, dial.usage(history, rng)))
        dial.write(rows, rng.randrange(90, 700) * 1000, history, counted[-1][1])
    days, used = rng.randint(-18, -2), monthly(history, counted)  # the newest invoice may be unpaid today
    write_bills(rows, plan, customer, area, used, lambda newer, payable, after: (payable, days))
    return Flat(rows.text(), area)


def _points(plan: Plan, rng: random.Random) -> Iterator[tuple[MeterKind, str]]:
    has_bathroom = rng.random() < 0.5
    for kind in plan.town.reads:
        if kind not in (MeterKind.HEAT, MeterKind.ELECTRICITY):  # only the main flat of the story has these
            yield kind, "kitchen"
        if has_bathroom and kind in (MeterKind.COLD_WATER, MeterKind.HOT_WATER):
            yield kind, "bathroom"


def _house_meter(plan: Plan, flats: int, rng: random.Random) -> Text:
    """The cold water meter of house "@", read by the operator; nothing where no water is read."""
    rows, dial = Rows(), Dial(plan, "B@", MeterKind.COLD_WATER, source="staff")
    if dial.kind in plan.town.reads:
        write_meter(rows, dial, place="cellar", premises=None, house="H@", number="900000@")
        used = [rng.randint(4_100, 4_900) * flats for _ in plan.history]
        dial.write(rows, 12_000_000, plan.history, used)
    return rows.text()


def write_houses(out: Folder, plan: Plan, houses: Iterable[House], patterns: int, rng: random.Random) -> None:
    """Write these houses and everybody in them; `patterns` is how many flats to work out."""
    flats = cycle([ordinary_flat(plan, rng) for _ in range(patterns)])
    meters: dict[int, Text] = {}
    since = date(plan.today.year - plan.length // 12 - 6, 4, 1)
    for house in houses:
        name, iban = f"H{house.number}", plan.site.payee.iban
        if plan.town.manages:
            iban = demo_iban(int(iban[-5:]) * 10**7 + house.number)
        out.add("houses", name, house.address, plan.town.name, plan.town.postcode)
        if house.flats not in meters:
            meters[house.flats] = _house_meter(plan, house.flats, rng)
        out.put(meters[house.flats], house.number, iban)
        for place, number in enumerate(range(house.first, house.first + house.flats)):
            entrance = f"E{house.number}-{place // 20 + 1}"
            if place % 20 == 0:
                out.add("entrances", entrance, name, place // 20 + 1)
            flat = house.own.get(number)
            if flat is None:
                flat = next(flats)
                write_customer(out, number, *person(rng))
                out.add("tenures", f"T{number}", f"C{number}", f"P{number}", "owner", since)
            out.add("premises", f"P{number}", name, entrance, place + 1, area=decimal(flat.area, 3))
            out.put(flat.text, number, iban)
