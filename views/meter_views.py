"""Meters as a page shows them: a card with what holds for it today."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy.engine import Connection

from auth.state import state
from models.cards import Dial, Mark, MeterCard
from models.overrides import overrides_for
from models.places import Place
from models.rules.windows import Window
from models.site import MeterRule
from models.weighing import Answer, stands
from models.windows import Calendar


@dataclass(frozen=True)
class MeterView:
    """A card with what holds for it today."""

    card: MeterCard
    rule: MeterRule
    window: Window | None  # the open one
    next_window: Window | None  # else the next to open
    valid_days: int | None  # until the valid-until date; below zero it has passed
    near: bool  # the date is near or has passed

    @property
    def enterable(self) -> bool:
        """Whether a person may enter a reading for it at all."""
        return not (self.card.is_remote or self.card.is_house)

    @cached_property
    def done(self) -> bool:
        """Whether this window's reading has been sent for every dial."""
        return all(self.standing(dial) for dial in self.card.dials)

    def standing(self, dial: Dial) -> Mark | None:
        """The reading of this window that a new one would correct."""
        return dial.last if dial.last and stands(dial.last, self.window) else None

    @property
    def sent(self) -> list[Answer]:
        """This window's readings, as a plain form's sender is told of them after the redirect."""
        return [
            Answer(dial.register_id, "saved", mark.flag or "", "", mark.value, dial.used, mark.received_at)
            for dial in self.card.dials
            if (mark := self.standing(dial))
        ]


def calendar_for(connection: Connection, place: Place) -> Calendar:
    """The windows that hold at a place today."""
    held = state()
    today = held.clock.today()
    return Calendar(held.site, tuple(overrides_for(connection, [place.house_id], today)), today)


def meter_views(found: Iterable[MeterCard], calendar: Calendar) -> list[MeterView]:
    """Cards with their windows; of a place that has ended, to be read only."""
    return [_view(card, calendar) for card in calendar.fitted(found)]


def _view(card: MeterCard, calendar: Calendar) -> MeterView:
    closed = card.refusal(calendar.today)
    window = None if closed else calendar.open_window(card)
    days = (card.valid_until - calendar.today).days if card.valid_until and card.valid_kind != "none" else None
    return MeterView(
        card, calendar.rule(card), window, None if closed or window else calendar.next_window(card),
        days, days is not None and days <= calendar.site.valid_warning_days,
    )  # fmt: skip


def sorted_out(meters: list[MeterView]) -> dict[str, Any]:
    """The meters of a place as its pages speak of them, by the names that the templates use."""
    own = [view for view in meters if not view.card.is_house]
    opened = [view for view in own if view.window]
    return {
        "meters": meters,
        "own": own,
        "open": opened,
        "missing": [view for view in opened if not view.done],
        "waiting": [view for view in own if view.next_window],
        "dated": [view for view in meters if view.near and view.enterable],
    }
