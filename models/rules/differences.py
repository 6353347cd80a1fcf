"""Why an invoice is over another sum than the one before it: parts that add up to the cent (C10). Pure.

Cents; quantities in thousandths and prices in ten-thousandths of a euro, so a product has 1/100,000 of a cent.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Literal

Kind = Literal["price", "quantity", "days", "new", "gone", "correction", "vat", "brought", "rest"]
MEASURED = ("m3", "kwh", "mwh")  # units of which more is used in more days; an area does not grow with the month


@dataclass(frozen=True)
class Line:
    """One service on an invoice: thousandths of `unit`, ten-thousandths of a euro, cents without VAT."""

    service: str
    quantity: int | None
    unit: str
    price: int | None
    amount: int


@dataclass(frozen=True)
class Sums:
    """What an invoice consists of. `days`: of its period."""

    lines: Sequence[Line]
    days: int
    vat: int
    brought_forward: int
    payable: int


@dataclass(frozen=True)
class Part:
    """Some cents of the difference. `before`, `after`: prices, quantities in `unit`, or days; else None."""

    kind: Kind
    cents: int
    service: str = ""
    unit: str = ""
    before: int | None = None
    after: int | None = None


def difference(old: Sums, new: Sums) -> list[Part]:
    """The parts, none of them zero, whose cents add up to what `new` is to be paid more than `old`.

    Empty where one has no lines: nothing is guessed. `rest` is what the lines do not tell.
    """
    if not (old.lines and new.lines):
        return []
    parts = [part for was, now in _pairs(old.lines, new.lines) for part in _of_line(was, now, old.days, new.days)]
    parts += [Part("vat", new.vat - old.vat), Part("brought", new.brought_forward - old.brought_forward)]
    parts.append(Part("rest", new.payable - old.payable - sum(part.cents for part in parts)))
    return [part for part in parts if part.cents]


def _pairs(old: Iterable[Line], new: Iterable[Line]) -> Iterator[tuple[Line | None, Line | None]]:
    """Lines of the same service in the same unit, in the order of the new invoice; at last those that are gone."""
    before, after = _by_service(old), _by_service(new)
    for key in dict.fromkeys([*after, *before]):
        yield from zip_longest(before[key], after[key])


def _by_service(lines: Iterable[Line]) -> defaultdict[tuple[str, str], list[Line]]:
    found: defaultdict[tuple[str, str], list[Line]] = defaultdict(list)
    for line in lines:
        found[line.service, line.unit].append(line)
    return found


def _of_line(was: Line | None, now: Line | None, days_before: int, days_after: int) -> Iterator[Part]:
    if was is None or now is None:
        if now:  # an operator takes back by a line below zero
            yield Part("new" if now.amount > 0 else "correction", now.amount, now.service)
        elif was:
            yield Part("gone", -was.amount, was.service)
        return
    found: list[Part] = []
    if was.quantity is not None and was.price is not None and now.quantity is not None and now.price is not None:
        by_price = _cents((now.price - was.price) * now.quantity)
        found.append(Part("price", by_price, now.service, "", was.price, now.price))
        by_quantity = _cents(now.quantity * now.price) - _cents(was.quantity * was.price) - by_price
        if now.quantity != was.quantity:
            found += _of_quantity(was, now, by_quantity, (days_before, days_after))
    left = now.amount - was.amount - sum(part.cents for part in found)  # not by price and quantity: a sum of its own
    yield from (*found, Part("correction", left, now.service))


def _of_quantity(was: Line, now: Line, cents: int, days: tuple[int, int]) -> Iterator[Part]:
    """What is measured grows with the days by itself: as much of it as the same use a day would have cost."""
    before, after, by_days = *days, 0
    if now.unit.lower() in MEASURED and min(days) > 0 and was.quantity and was.price:
        by_days = _cents(was.quantity * was.price * (after - before), before)
    yield Part("days", by_days, now.service, "", before, after)
    yield Part("quantity", cents - by_days, now.service, now.unit, was.quantity or 0, now.quantity or 0)


def _cents(product: int, share: int = 1) -> int:
    """Half a cent is rounded away from zero."""
    whole = 100_000 * share
    return (abs(product) * 2 + whole) // (2 * whole) * (-1 if product < 0 else 1)
