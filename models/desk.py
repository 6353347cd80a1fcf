"""The desk of a site: when it is open, what people may write about, and by when each of it is answered (G03, G04)."""

from datetime import date, datetime
from functools import cached_property
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from models.rules.service_hours import WEEK, Service, Spans, parse_spans
from models.rules.threads import ThreadKind
from models.rules.workdays import is_working_day

Words = dict[Literal["lv", "en", "ru"], str]
_ALL = {"lv", "en", "ru"}


class Topic(BaseModel):
    """What a message may be about: its kind, its words, its rule, and its time of `hours` or `days` of service."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: ThreadKind
    label: Words
    rule: Words | None = None  # shown above the form
    hours: int | None = Field(None, ge=1, le=500)
    days: int | None = Field(None, ge=0, le=60)
    signed: bool = False  # nothing without a document that is signed electronically (OG-30)
    offered: bool = True

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        if (self.hours is None) == (self.days is None):
            raise ValueError("expected either hours or days")
        if any(words is not None and {*words} != _ALL for words in (self.label, self.rule)):
            raise ValueError("expected label and rule in lv, en and ru")
        return self


class Desk(BaseModel):
    """What a site's file says under [desk], joined with that of sites/common.toml (`merged`)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    week: dict[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], str] = Field(min_length=1)
    topics: dict[str, Topic]
    close_after: int = Field(ge=1, le=365)  # days after which what is solved is closed

    @cached_property
    def hours(self) -> dict[int, Spans]:
        """The hours of service by the number of the weekday."""
        return {number: parse_spans(self.week[day]) for number, day in enumerate(WEEK) if day in self.week}

    @cached_property
    def offered(self) -> dict[str, Topic]:
        """The topics of the form, in its order."""
        return {key: topic for key, topic in self.topics.items() if topic.offered}

    def topic(self, key: str) -> Topic:
        """A topic, also one that the site has had before: then as the last of all."""
        return self.topics.get(key) or [*self.topics.values()][-1]

    def due(self, key: str, now: datetime, free: dict[date, bool]) -> datetime:
        """By when a message of a topic that comes now (aware, the site's wall clock) is answered, in its zone.

        `free` is the site's `working_days`.
        """
        topic, service = self.topic(key), Service(self.hours, lambda day: is_working_day(day, free))
        wall = now.replace(tzinfo=None)
        if topic.hours is not None:
            return service.after_hours(wall, topic.hours).replace(tzinfo=now.tzinfo)
        return service.after_days(wall, topic.days or 0).replace(tzinfo=now.tzinfo)

    @model_validator(mode="after")
    def _can_be_written_to(self) -> Self:
        if not self.hours or not self.offered or any(len(key) > 32 for key in self.topics):
            raise ValueError("expected hours of service, and topics with keys of at most 32 letters")
        return self


def merged(common: dict[str, Any], own: Any) -> dict[str, Any]:
    """A site's own [desk] over the common one: its week as a whole, its topics key by key."""
    own = dict(own) if isinstance(own, dict) else {}
    topics = own.pop("topics", {})
    if not isinstance(topics, dict) or not all(isinstance(one, dict) for one in topics.values()):
        raise ValueError("expected tables of topics")
    known = common["topics"]
    joined = {key: known.get(key, {}) | topics.get(key, {}) for key in dict.fromkeys([*known, *topics])}
    for key, one in topics.items():  # one time for an answer, the site's own
        for name, other in (("hours", "days"), ("days", "hours")):
            if name in one and other not in one:
                joined[key].pop(other, None)
    return {**common, **own, "topics": joined}
