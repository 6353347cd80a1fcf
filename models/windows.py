"""When readings are accepted: the rule of the day, the window it makes, and the next one (D07, D08)."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

from models.cards import MeterCard
from models.overrides import WindowChange, rule_for
from models.rules.windows import Window, next_window, window_on
from models.site import MeterRule, Site
from models.types import MeterKind

_LONGEST_GAP = 100  # days; every rule opens once a month, however overrides follow each other
SINCE = timedelta(days=_LONGEST_GAP)  # before a day: whose overrides `latest` asks about


def latest(
    site: Site, overrides: Iterable[WindowChange], house_id: int, kind: MeterKind, today: date, step: int = -1
) -> Window:
    """The window of a house that is open, else the last one that was, or by `step` 1 the next one to be.

    `overrides`: of that house, since `SINCE`, or today.
    """
    for days in range(_LONGEST_GAP):
        day = today + timedelta(days=days * step)
        if window := window_on(rule_for(site, overrides, house_id, kind, day).window, day, site.is_working):
            return window
    return Window(today, today, today.replace(day=1))  # of a rule that opens never: nobody has missed it


def coming(
    site: Site, overrides: Collection[WindowChange], house_id: int, kind: MeterKind, today: date, until: date
) -> Iterator[Window]:
    """The window of a house that is open, and those that open later, until a day, by the rules of their days."""
    day = today
    while day <= until:
        rule = rule_for(site, overrides, house_id, kind, day).window
        if window := window_on(rule, day, site.is_working):
            yield window if day == today else replace(window, opens=max(window.opens, day))
            day = window.closes
        step = day + timedelta(days=1)
        day = step if overrides else max(step, next_window(rule, day, site.is_working).opens)


@dataclass(frozen=True)
class Calendar:
    """The reading windows of a site on one day, with the overrides that hold."""

    site: Site
    overrides: tuple[WindowChange, ...]
    today: date

    def rule(self, card: MeterCard, day: date | None = None) -> MeterRule:
        """The rule for a meter on `day`, else today."""
        return rule_for(self.site, self.overrides, card.place.house_id, card.kind, day or self.today)

    def open_window(self, card: MeterCard) -> Window | None:
        """The window that is open for this meter today."""
        return window_on(self.rule(card).window, self.today, self.site.is_working)

    def next_window(self, card: MeterCard) -> Window:
        """The next window to open for this meter, by the rules of the days to come."""
        rule = self.rule(card).window
        for ahead in range(1, _LONGEST_GAP if self.overrides else 1):
            day = self.today + timedelta(days=ahead)
            window = window_on(self.rule(card, day).window, day, self.site.is_working)
            if window:  # where another rule began to hold in the middle of its window, it opens on that day
                return replace(window, opens=max(window.opens, day))
        return next_window(rule, self.today, self.site.is_working)

    def fitted(self, cards: Iterable[MeterCard]) -> list[MeterCard]:
        """The cards with digits and decimals of the site's rule where the meter has none of its own."""
        rules = [(card, self.rule(card)) for card in cards]
        return [card.on_dials(rule.digits, rule.decimals) for card, rule in rules]
