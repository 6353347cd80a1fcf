"""What a reading looks like beside the one before it: a suspicion put into words, never a refusal (D05)."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise
from operator import itemgetter
from typing import Literal

Code = Literal[
    "lower",
    "looks_like_consumption",
    "rollover_likely",
    "high",
    "times_1000",
    "extra_digit",
    "missing_digit",
    "transposed",
    "swapped",
    "zero",
]

# Leaks are real and reach ten times the usual; a slip of the finger is suspected only from five limits on.
_ABSURD = 5
_LEAST_DAYS = 20  # an average of a few days says nothing about a month; the shortest gap of two windows is longer


@dataclass(frozen=True)
class Thresholds:
    """Site settings: a month is unusual above `times` (1 or more) the average and above `floor` thousandths."""

    times: int = 3
    floor: int = 5_000


@dataclass(frozen=True)
class Situation:
    """A typed `value` and what is known of its register; amounts in thousandths.

    `previous`: the register's last value, None before the first one. `average`: its usual month (see
    `monthly_average`), None when unknown. `months`: since the last reading, at least 1 (see `months_since`).
    `sibling_previous`: the last value of the only meter it is easily confused with (hot beside cold).
    `zero_seen_before`: a month without consumption is nothing new here.
    """

    value: int
    previous: int | None
    average: int | None
    digits: int
    decimals: int
    months: int = 1
    sibling_previous: int | None = None
    zero_seen_before: bool = False
    thresholds: Thresholds = field(default_factory=Thresholds)

    @property
    def usual(self) -> int | None:
        """The usual consumption of the whole time since the last reading."""
        return None if self.average is None else self.average * self.months

    @property
    def limit(self) -> int:
        """The most consumption that raises no question; without an average the floor alone."""
        return self.months * max(self.thresholds.times * (self.average or 0), self.thresholds.floor)

    @property
    def dial(self) -> int:
        """The dial's range: the value at which it starts from zero again."""
        return _dial(self.digits)


@dataclass(frozen=True)
class Verdict:
    """A suspicion and the figures of its sentence, in thousandths.

    `consumption` is what the typed value would mean: below zero when lower, after a full turn for
    `rollover_likely`. `suggested` is the value to offer instead, if there is one. `usual` is the consumption
    to expect since the last reading, `ratio` how many times that it is, rounded; both None when unknown.
    """

    code: Code
    consumption: int
    suggested: int | None = None
    usual: int | None = None
    ratio: int | None = None


def judge(situation: Situation) -> Verdict | None:
    """The most likely suspicion, or None. Nothing is refused: each may be confirmed (decisions 16; LU-34).

    The limit is, per month, `times` the average and at least `floor`; "fits" means a consumption above zero
    and up to the limit. The first that holds, where the value is below the last one:
    - rollover_likely: the last value stood in the last 5 % of the dial, and after a full turn the value fits;
    - swapped: the value goes on where the sibling's last value stood, by no more than the limit;
    - looks_like_consumption: the value itself is no more than the limit; offers the last value plus it;
    - transposed, missing_digit (below by more than the limit): with two neighbouring digits exchanged the value fits,
      or one value with a digit more does; offers that;
    - rollover_likely: it went from the last 5 % of the dial to the first 5 %; else lower.
    Where the consumption is above the limit (without an average: above five limits):
    - swapped: as above, and the sibling explains the value `times` better than its own meter does;
    - times_1000 (above five limits): no decimals, and with a comma inside (10, 100 or 1000 times less) the
      value fits; offers that where the dial can show it;
    - extra_digit, transposed (above five limits): without one digit, tried from the last to the first, the value
      fits, or with two exchanged; offers that; else high.
    Otherwise zero, when nothing was used and never was before. An offered value raises no other question than
    zero. A first reading raises none.
    """
    if situation.previous is None:
        return None
    used = situation.value - situation.previous
    if used < 0:
        return _below(situation, situation.previous)
    if used > situation.limit * (_ABSURD if situation.average is None else 1):
        return _above(situation, situation.previous)
    if used == 0 and not situation.zero_seen_before:
        return Verdict("zero", 0, usual=situation.usual)
    return None


def consumption(previous: int, value: int, digits: int, rolled_over: bool) -> int:
    """Thousandths used between two values of a dial with `digits` before the comma (D08, D13)."""
    return value - previous + (_dial(digits) if rolled_over else 0)


def monthly_average(readings: Iterable[tuple[date, int, bool]], digits: int, until: date) -> int | None:
    """A usual month (a twelfth of 365 days) over the 365 days to `until`, in thousandths, rounded.

    `readings` are (local day read, value, rolled over) in any order; those after `until` do not count. Of a
    consumption that began before the 365 days, the share of the days inside counts. Where the values fell by
    more than was used (an unrecorded replacement), it begins anew. None when less than 20 days are covered.
    """
    since = until - timedelta(days=365)
    used = days = 0
    known = sorted((reading for reading in readings if reading[0] <= until), key=itemgetter(0))
    for (start, before, _), (end, after, rolled_over) in pairwise(known):
        covered = (end - max(start, since)).days
        if covered > 0:
            used += _rounded(consumption(before, after, digits, rolled_over) * covered, (end - start).days)
            days += covered
        if used < 0:
            used = days = 0
    return None if days < _LEAST_DAYS else _rounded(used * 365, days * 12)


def months_since(previous_on: date, today: date) -> int:
    """Whole months nearest to the time between two local dates, at least 1."""
    return max(1, _rounded((today - previous_on).days * 12, 365))


def _below(s: Situation, previous: int) -> Verdict:
    near_end = previous * 20 >= s.dial * 19
    turned = Verdict("rollover_likely", consumption(previous, s.value, s.digits, True), usual=s.usual)
    if near_end and turned.consumption <= s.limit:
        return turned
    if _continues_sibling(s, s.limit):
        return Verdict("swapped", s.value - previous, usual=s.usual)
    if s.value <= s.limit and previous + s.value < s.dial:
        return Verdict("looks_like_consumption", s.value - previous, previous + s.value, s.usual)
    if previous - s.value > s.limit:  # else it was misread, not mistyped
        if (candidate := _transposed(s, previous)) is not None:
            return Verdict("transposed", s.value - previous, candidate, s.usual)
        if len(longer := [one for one in {*_one_digit_more(s.value)} if 0 < one - previous <= s.limit]) == 1:
            return Verdict("missing_digit", s.value - previous, longer[0], s.usual)
    if near_end and s.value * 20 <= s.dial:
        return turned
    return Verdict("lower", s.value - previous, usual=s.usual)


def _above(s: Situation, previous: int) -> Verdict:
    used = s.value - previous
    ratio = _rounded(used, s.usual) if s.usual else None
    if _continues_sibling(s, min(s.limit, used // s.thresholds.times)):
        return Verdict("swapped", used, None, s.usual, ratio)
    if used > s.limit * _ABSURD:
        for candidate in _with_comma(s):
            if 0 < candidate - previous <= s.limit:
                shown = candidate if candidate % 10 ** (3 - s.decimals) == 0 else None
                return Verdict("times_1000", used, shown, s.usual, ratio)
        for candidate in _one_digit_less(s.value):
            if 0 < candidate - previous <= s.limit:
                return Verdict("extra_digit", used, candidate, s.usual, ratio)
        if (swapped := _transposed(s, previous)) is not None:
            return Verdict("transposed", used, swapped, s.usual, ratio)
    return Verdict("high", used, None, s.usual, ratio)


def _continues_sibling(s: Situation, most: int) -> bool:
    return s.sibling_previous is not None and 0 <= s.value - s.sibling_previous <= most


def _with_comma(s: Situation) -> list[int]:
    if s.value % 1000:
        return []  # a comma was typed
    return [s.value // 10**places for places in (3, 2, 1) if places == 3 or places <= s.decimals]


def _transposed(s: Situation, previous: int) -> int | None:
    """With two neighbouring digits exchanged, the first from the left that fits."""
    text, fraction = str(s.value // 1000), s.value % 1000
    pairs = (text[:at] + text[at + 1] + text[at] + text[at + 2 :] for at in range(len(text) - 1))
    candidates = (int(digits) * 1000 + fraction for digits in pairs)
    return next((one for one in candidates if 0 < one - previous <= s.limit and one < s.dial), None)


def _one_digit_less(value: int) -> list[int]:
    text, fraction = str(value // 1000), value % 1000
    shorter = [text[:place] + text[place + 1 :] for place in reversed(range(len(text)))]
    return [int(digits) * 1000 + fraction for digits in shorter if digits]


def _one_digit_more(value: int) -> list[int]:
    text, fraction = str(value // 1000), value % 1000
    longer = (text[:place] + digit + text[place:] for place in range(len(text) + 1) for digit in "0123456789")
    return [int(digits) * 1000 + fraction for digits in longer]


def _dial(digits: int) -> int:
    return int(10**digits) * 1000


def _rounded(amount: int, parts: int) -> int:
    return (2 * amount + parts) // (2 * parts)
