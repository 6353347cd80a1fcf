"""Notices by staff: drafts, what readers will see, publishing, minutes to take it back, a report (E03, E05, E06)."""

from contextlib import suppress
from datetime import datetime
from typing import Any

from flask import Response, abort, request
from sqlalchemy.exc import IntegrityError

from auth.access import Right, staff_right
from auth.state import reading, somebody, state, writing
from models import activity, announcements, drafts, notice_drafts, noticeboard
from models.intake import MOST
from models.rules.mail import header_safe
from models.threads import NEWEST
from models.types import AnyRow, is_public_id, new_public_id, utc_now
from views.language import text
from views.message_form import TAKES
from views.pages import page, redirect_to
from views.routes import Routes
from views.uploads import received

staff_notices = Routes("staff_notices", __name__)
_ALL, _ONE = "/staff/notices", "/staff/notices/<snid>"
_PAGE, _NAMES = 50, 1000  # rows of a page; places and codes that one notice names
_TITLE, _BODY, _REASON = 120, 10_000, 500  # characters
_BOXES = ("for_all", "emergency", "confirm")
Words = dict[str, str]  # by the name of the field


@staff_notices.get(_ALL, "staff notices view")
def list_all() -> Response:
    """All of them, the newest first, and where each stands."""
    held, before = state(), min(max(request.args.get("before", NEWEST, int), 0), NEWEST)
    rows, now = notice_drafts.listed(reading(), held.site.languages[0], before, _PAGE + 1), held.clock.now()
    found = [(row, notice_drafts.state_of(row, now)) for row in rows[:_PAGE]]
    older = rows[_PAGE - 1].id if rows[_PAGE:] else 0
    return page("staff/notices.html", found=found, older=older, may_write=may_write())


def may_write() -> bool:
    """Whether she writes notices and documents, or only reads."""
    return staff_right("notices", somebody().role) >= Right.ACT


@staff_notices.get(_ALL + "/new", "staff notices act")
def new() -> Response:
    """An empty form."""
    return _form(None, {"once": new_public_id()})


def _form(row: AnyRow | None, typed: Words, status: int = 200, **wrong: str) -> Response:
    return page("staff/notice_form.html", status=status, notice=row, typed=typed, wrong=wrong)


@staff_notices.get(_ONE + "/edit", "staff notices act")
def edit(snid: AnyRow) -> Response:
    """A draft, to be changed."""
    if not _is_draft(snid):
        return redirect_to(f"{_ALL}/{snid.id}")
    said, clock = notice_drafts.texts(reading(), snid.id), state().clock
    typed = {f"{part}_{one}": getattr(row, part) for one, row in said.items() for part in ("title", "body")}
    typed |= {name: "1" for name in _BOXES if getattr(snid, name)} | {"seen": snid.edited_at.isoformat()}
    times = {"works_at": snid.works_at, "valid_until": snid.valid_until}
    typed |= {name: f"{clock.local(moment):%Y-%m-%dT%H:%M}" for name, moment in times.items() if moment}
    to = {"to": "\n".join(notice_drafts.audience(reading(), snid.id)), "reason": snid.reason or ""}
    return _form(snid, typed | to)


def _is_draft(row: AnyRow) -> bool:
    return notice_drafts.state_of(row, state().clock.now()) == "draft"


@staff_notices.post(_ALL + "/new", "staff notices act")
def create() -> Response:
    """Save a new draft; the same form sent twice is one."""
    if not is_public_id(request.form.get("once", "")):
        abort(400)
    return _save(None)


@staff_notices.post(_ONE + "/edit", "staff notices act")
def change(snid: AnyRow) -> Response:
    """Save a draft again, unless a colleague did so meanwhile."""
    return _save(snid) if _is_draft(snid) else redirect_to(f"{_ALL}/{snid.id}")


def _save(row: AnyRow | None) -> Response:
    typed = {name: clean(value) for name, value in request.form.items()}
    if row and typed.get("seen") != row.edited_at.isoformat():
        return _form(row, typed | {"seen": row.edited_at.isoformat()}, 409)
    wrong: Words = {}
    said, values, to = said_in(typed, wrong), _values(typed, wrong), _named(typed, wrong)
    if wrong:
        return _form(row, typed, 422, **wrong)
    number = None
    with suppress(IntegrityError), writing() as session:  # of a form that was sent before
        new = values if row else values | {"public_id": typed["once"]}
        number = notice_drafts.save(session, somebody().actor(), row.id if row else 0, new, said, to)
    return redirect_to(f"{_ALL}/{number}" if number else _ALL)


def clean(value: str, most: int = 2 * _BODY) -> str:
    """Without what cannot be seen, such as a NUL, which no database takes."""
    lines = value.replace("\r\n", "\n")[:most].split("\n")
    return "\n".join("".join(one if one.isprintable() else " " for one in line).strip() for line in lines).strip()


def said_in(typed: Words, wrong: Words, most: int = _BODY) -> dict[str, tuple[str, str]]:
    """Title and body of each language that has any, the body of at most that many characters."""
    languages = state().site.languages
    said = {str(one): (typed.get(f"title_{one}", ""), typed.get(f"body_{one}", "")) for one in languages}
    said = {one: words for one, words in said.items() if one == languages[0] or any(words)}
    for language, (title, body) in said.items():
        if not 0 < len(title) <= _TITLE or not header_safe(title):
            wrong[f"title_{language}"] = text("Write a title of at most %(most)s characters, in one line", most=_TITLE)
        if not 0 < len(body) <= most:
            wrong[f"body_{language}"] = text("Write a text of at most %(most)s characters", most=most)
    return said


def _values(typed: Words, wrong: Words) -> dict[str, Any]:
    begins, ends = (_moment(typed.get(name, ""), name, wrong) for name in ("works_at", "valid_until"))
    boxes, reason = {name: name in typed for name in _BOXES}, typed.get("reason", "")
    if "valid_until" not in wrong and not ends and (begins or boxes["emergency"]):
        wrong["valid_until"] = text("Enter until when it lasts, because it stays on top until then")
    elif ends and (ends <= state().clock.now() or (begins and ends <= begins)):
        wrong["valid_until"] = text("Enter a moment that lies ahead, and after the beginning")
    if boxes["emergency"] and not 0 < len(reason) <= _REASON:
        wrong["reason"] = text("Write a reason of at most %(most)s characters", most=_REASON)
    return {**boxes, "works_at": begins, "valid_until": ends, "reason": reason if boxes["emergency"] else None}


def _moment(value: str, name: str, wrong: Words) -> datetime | None:
    """By the site's clock."""
    if not value:
        return None
    with suppress(ValueError):
        moment = datetime.fromisoformat(value).replace(tzinfo=state().site.zone)
        if 2000 <= moment.year < 2200:
            return moment
    wrong[name] = text("Enter a day and a time")
    return None


def _named(typed: Words, wrong: Words) -> list[notice_drafts.Named]:
    """Whom the form names: nobody where it is for everybody, or a draft for nobody yet."""
    said = [*dict.fromkeys(line for line in typed.get("to", "").split("\n") if line)]
    if len(said) > _NAMES or (said and "for_all" in typed):
        wrong["to"] = text("Name at most %(most)s, and nobody where it is for everybody", most=_NAMES)
    found, unknown = notice_drafts.named(reading(), said[:_NAMES])
    if unknown and "to" not in wrong:
        wrong["to"] = text("Not found, or more than one of them: %(names)s", names="; ".join(unknown[:5]))
    return [*found.values()]


@staff_notices.get(_ONE, "staff notices view")
def show(snid: AnyRow) -> Response:
    """A draft as its readers will see it, with whom it reaches; of a published one what became of it."""
    return _show(snid)


def _show(row: AnyRow, status: int = 200, **words: Any) -> Response:
    clock, after = state().clock, max(min(request.args.get("after", 0, int), NEWEST), 0)
    what, day = notice_drafts.state_of(row, clock.now()), row.published_on or clock.today()
    most = 5 if what == "draft" else (_PAGE + 1) * row.confirm
    people = announcements.names(reading(), row, day, most, after=after, silent=what != "draft")
    with writing() as session:
        seen = [one.id for one in people[:_PAGE]]
        activity.looked(session, "notice", "notices", seen, [], clock.today(), somebody().actor())
    connection = reading()
    found = {part: getattr(notice_drafts, part)(connection, row.id) for part in ("texts", "audience", "report")}
    return page(
        "staff/notice.html", status=status, notice=row, what=what, people=people[:_PAGE], may_write=may_write(),
        more=seen[-1] if people[_PAGE:] else 0, counted=announcements.count(connection, row, day),
        files=noticeboard.attached(connection, row.id),
        unsent=row.announced_at and utc_now() < row.announced_at + notice_drafts.RECALL,
        **{"at": "", "wrong": {}, "near": (), "refused": ()} | found | words,
    )  # fmt: skip


@staff_notices.post(_ONE + "/publish", "staff notices act")
def publish(snid: AnyRow) -> Response:
    """Publish a draft, now or later; what is like another one has to be confirmed."""
    held, wrong, typed = state(), Words(), clean(request.form.get("at", ""))
    now = held.clock.now()
    at = _moment(typed, "at", wrong) or now
    if at < now or (snid.valid_until and snid.valid_until <= at):
        wrong["at"] = text("Enter a moment that lies ahead, and before its end")
    if not announcements.count(reading(), snid, held.clock.today())[0]:
        wrong["people"] = text("It reaches nobody: name somebody first")
    near = notice_drafts.near(reading(), snid, now, held.site.languages[0])
    if wrong or (near and "similar" not in request.form):
        return _show(snid, 422 if wrong else 409, at=typed, wrong=wrong, near=near)
    with writing() as session:
        notice_drafts.publish(session, somebody().actor(), snid.id, at, now, held.site)
    return redirect_to(f"{_ALL}/{snid.id}")


@staff_notices.post(_ONE + "/withdraw", "staff notices act")
def withdraw(snid: AnyRow) -> Response:
    """Take it back, with the letters that are not sent; or give a draft up."""
    with writing() as session:
        announcements.withdraw(session, snid.external_id, somebody().actor(), utc_now())
    return redirect_to(f"{_ALL}/{snid.id}")


@staff_notices.post(_ONE + "/files", "staff notices act")
def attach(snid: AnyRow) -> Response:
    """Add files to a draft, or take one out."""
    if not _is_draft(snid):
        return redirect_to(f"{_ALL}/{snid.id}")
    stored, refused = received(MOST - len(noticeboard.attached(reading(), snid.id)))
    number = min(max(request.form.get("remove", 0, int), 0), NEWEST)
    with writing() as session:
        for one in stored:
            drafts.hold(session, one)
        notice_drafts.attach(session, snid.id, [drafts.columns(one) for one in stored], number)
    return _show(snid, 422, refused=refused) if refused else redirect_to(f"{_ALL}/{snid.id}#files")


attach.takes = TAKES  # type: ignore[attr-defined]  # for `auth.guard`
