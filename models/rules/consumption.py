"""What consumption tells beside that of other months and other flats (D23–D25). Pure; amounts in thousandths."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

FEWEST = 8  # flats of which a median is told
_FEWEST_SUMMED = 3  # of two flats the sum tells each what the other used
MORE = 3_000  # thousandths above the usual that may be a leak, if it is also so many times as much:
_TIMES = (5, 2)
_KNOWN = 3  # earlier months at least, to tell what is usual


def middle(amounts: Iterable[int]) -> int | None:
    """The median of flats, in whole tenths so that it is nobody's own figure; None of fewer than `FEWEST`."""
    each = sorted(amounts)
    if len(each) < FEWEST:
        return None
    both = each[(len(each) - 1) // 2] + each[len(each) // 2]
    return (both + 100) // 200 * 100


def usual_if_leaking(used: int, months: int, month: date, earlier: Mapping[date, int]) -> int | None:
    """What is usual in so many months, where `used` in those up to `month` may be a leak; None where it need not.

    `earlier`: a month's consumption by its first day. Usual is the median of the same season, that is of the month
    itself and those beside it in all years; where fewer than three are known, of the last twelve.
    """
    before = {first: amount for first, amount in sorted(earlier.items()) if first < month}
    season = [amount for first, amount in before.items() if (first.month - month.month + 1) % 12 <= 2]
    known = season if len(season) >= _KNOWN else [*before.values()][-12:]
    if len(known) < _KNOWN:
        return None
    usual = sorted(known)[(len(known) - 1) // 2] * months  # a median, of two the lower
    is_leak = used * _TIMES[1] >= usual * _TIMES[0] and used - usual >= MORE
    return usual if is_leak else None


@dataclass(frozen=True)
class Balance:
    """A month of a house: what its own meter counted and what those of its flats did in all.

    `flats` is None where so few were read that the sum would tell of one. `unread` of `count` flats sent nothing.
    """

    month: date
    house: int
    flats: int | None
    unread: int
    count: int

    @property
    def difference(self) -> int | None:
        """What the house used beyond its flats."""
        return None if self.flats is None else self.house - self.flats


def balances(
    house: Mapping[date, int], flats: Mapping[Any, Mapping[date, int]], read: Iterable[tuple[Any, date]]
) -> list[Balance]:
    """Each month of a house, the newest first. `flats`: what each used in which month; `read`: who was read then."""
    really, found = {*read}, []
    for month in sorted(house, reverse=True):
        amounts = [used[month] for used in flats.values() if month in used]
        total = sum(amounts) if len(amounts) >= _FEWEST_SUMMED else None
        unread = sum((flat, month) not in really for flat in flats)
        found.append(Balance(month, house[month], total, unread, len(flats)))
    return found
