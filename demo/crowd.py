"""Houses full of invented customers, streamed to an exchange folder in constant memory.

A few flats are worked out in full, as text; every other one is one of these with its own number and name in
it. That is what makes a million customers cheap.
"""

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import cycle

from demo.calendar import Plan
from demo.flat import Flat, house_meter, ordinary_flat, write_customer
from demo.rows import Folder, decimal
from demo.town import STREETS, demo_iban, person

FLATS = 40
FIRST = 20_001  # customer codes have five digits as long as there are fewer than 80,000
_PATTERNS = 199  # a prime, so that no two houses are alike


@dataclass(frozen=True)
class House:
    """A house; its flats are numbered from `first`. `own`: number → a flat whose people others write."""

    number: int
    address: str
    first: int
    flats: int
    own: Mapping[int, Flat] = field(default_factory=dict)


def write_crowd(out: Folder, plan: Plan, customers: int, seed: int) -> None:
    """Write `customers` customers, each with a flat, in houses of 40."""
    houses = (
        House(done // FLATS + 1, _address(done // FLATS), FIRST + done, min(FLATS, customers - done))
        for done in range(0, customers, FLATS)
    )
    rng = random.Random(f"{plan.site.slug} {seed}")  # noqa: S311  # invented data, not a secret
    write_houses(out, plan, houses, min(customers, _PATTERNS), rng)


def write_houses(out: Folder, plan: Plan, houses: Iterable[House], patterns: int, rng: random.Random) -> None:
    """Write these houses and everybody in them; `patterns` is how many flats to work out."""
    flats = cycle([ordinary_flat(plan, rng) for _ in range(patterns)])
    meters: dict[int, dict[str, str]] = {}
    since = date(plan.today.year - plan.length // 12 - 6, 4, 1)
    for house in houses:
        iban = _iban(plan, house.number)
        _write_building(out, plan, house)
        if house.flats not in meters:
            meters[house.flats] = house_meter(plan, house.flats, rng)
        out.put(meters[house.flats], house.number, iban)
        for place, number in enumerate(range(house.first, house.first + house.flats)):
            flat = house.own.get(number)
            if flat is None:
                flat = next(flats)
                write_customer(out, number, *person(rng))
                out.add("tenures", f"T{number}", f"C{number}", f"P{number}", "owner", since)
            entrance = f"E{house.number}-{place // 20 + 1}"
            row = f"P{number}", f"H{house.number}", entrance, place + 1
            out.add("premises", *row, area=decimal(flat.area, 3))
            out.put(flat.text, number, iban)


def _address(number: int) -> str:
    return f"{STREETS[number % len(STREETS)]} {number // len(STREETS) + 1}"


def _write_building(out: Folder, plan: Plan, house: House) -> None:
    name = f"H{house.number}"
    out.add("houses", name, house.address, plan.town.name, plan.town.postcode)
    for entrance in range(1, (house.flats - 1) // 20 + 2):
        out.add("entrances", f"E{house.number}-{entrance}", name, entrance)


def _iban(plan: Plan, number: int) -> str:
    iban = plan.site.payee.iban
    return demo_iban(int(iban[-5:]) * 10**7 + number) if plan.town.manages else iban
