"""The form of a mandate: what was typed, what is wrong with it, and what it asks for (ux.md §2.10)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from flask import abort, g, request

from auth.access import Right
from auth.access import lendable as most
from auth.state import reading, somebody, state
from models import accounts
from models.lending import Wish
from models.mandates import MandateView
from models.places import Place
from models.rules.mail import header_safe
from models.rules.mandates import BY_ONESELF, PRESETS, Lent, last_day, rights_of
from models.types import is_public_id
from views.account import typed_email

_LONGEST = 100  # of what she calls somebody


def own_places() -> list[Place]:
    """The premises that she may lend today: her own, while she is there."""
    today = state().clock.today()
    return [place for place in g.reach.places if not place.lent and not place.has_ended(today)]


def offered() -> list[Lent]:
    """What she may lend at this site."""
    sections = state().site.sections
    return [one for one in BY_ONESELF if one.opens[0] in sections and most(one.opens[0]) > Right.NONE]


@dataclass(frozen=True)
class Typed:
    """The fields as they stand in the form. `wrong`: field → what is wrong with it; `wish`: where nothing is."""

    once: str
    email: str
    name: str
    language: str
    at: Sequence[str]
    rights: Sequence[Lent]
    term: str
    until: str
    strong: bool = False
    version: int = 0  # that was on her screen when she began; 0: of a new one
    wrong: Mapping[str, str] = field(default_factory=dict)
    wish: Wish | None = None

    def with_rights(self, rights: Iterable[Lent]) -> "Typed":
        """The boxes of a preset ticked; nothing else is looked at yet."""
        return replace(self, rights=[one for one in offered() if one in {*rights}], wrong={}, wish=None)


def fresh(once: str, email: str = "", name: str = "") -> Typed:
    """An empty form, or one for whom it is: readings at her only address, for a year."""
    at = [place.public_id for place in own_places()]
    language = state().site.languages[0]
    return Typed(once, email, name, language, at[:1] if len(at) == 1 else [], [*PRESETS["readings"]], "12", "")


def of_mandate(view: MandateView, term: str = "") -> Typed:
    """The form filled in with what holds; with a `term` it is that much longer from today."""
    row = view.row
    held = "date" if row.ends_on else "none"
    until = row.ends_on.isoformat() if row.ends_on and not term else ""
    own = {place.public_id for place in own_places()}  # another may be hers no more
    at = [place.public_id for place in view.at if place.public_id in own]
    values = {"email": row.address, "name": row.name, "language": row.language, "term": term or held, "until": until}
    values["strong"] = "1" if row.strong else ""
    typed = _read(values, at, view.rights, row.public_id, accepted=bool(row.accepted_at))
    return replace(typed, version=row.version)


def of_form(view: MandateView | None = None) -> Typed:
    """What was sent. Premises that are not hers refuse the whole of it (404)."""
    form, accepted = request.form, bool(view and view.row.accepted_at)
    values = {name: form.get(name, "")[:300] for name in ("name", "language", "term", "until", "strong")}
    values["email"] = view.row.address if view and accepted else form.get("email", "")[:254]
    once = view.row.public_id if view else form.get("once", "")
    if not is_public_id(once):
        abort(400)
    typed = _read(values, form.getlist("at"), rights_of(form.getlist("right")), once, accepted=accepted)
    return replace(typed, version=form.get("version", 0, int))


def _read(values: Mapping[str, str], at: Sequence[str], rights: Sequence[Lent], once: str, *, accepted: bool) -> Typed:
    places = {place.public_id: place for place in own_places()}
    if not {*at} <= {*places}:
        abort(404)
    given = [one for one in rights if one in offered()]
    name = " ".join(values["name"].split())
    email, bad_email = (values["email"], "") if accepted else typed_email(values["email"])
    if email and email == accounts.contacts(reading(), somebody().user_id).email:
        bad_email = "own"
    ends_on, bad_day = _day(values["term"], values["until"])
    wrong = {
        "email": bad_email,
        "name": "" if 0 < len(name) <= _LONGEST and header_safe(name) else "missing",
        "at": "" if at else "missing",
        "right": "" if given else "missing",
        "until": bad_day,
    }
    languages = state().site.languages
    language = values["language"] if values["language"] in languages else languages[0]
    shown = values["email"], values["name"][:_LONGEST], language
    strong = bool(values["strong"])
    typed = Typed(once, *shown, at, given, values["term"], values["until"], strong)
    if any(wrong.values()):
        return replace(typed, wrong=wrong)
    return replace(typed, wish=Wish(email or "", name, language, [places[one] for one in at], given, ends_on, strong))


def _day(term: str, typed: str) -> tuple[date | None, str]:
    held = state()
    try:
        return last_day(term, typed, held.clock.today(), without_end=held.site.lend_without_end), ""
    except ValueError as error:
        return None, str(error)
