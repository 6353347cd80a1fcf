"""Messages: conversations with staff, begun, read, gone on with, ended (G01–G04, G08; LG-19..21, OG-29; ux.md §2.9)."""

from datetime import datetime
from typing import Any

from flask import Response, abort, g, request
from sqlalchemy.exc import IntegrityError

from auth.access import Right, may
from auth.scope import FETCH
from auth.state import reading, somebody, state, writing
from models import answering, threads
from models.audit import Actor
from models.places import Place
from models.rules.file_names import ending
from models.threads import Message, Thread, ThreadView
from models.types import AnyRow, Source, is_public_id
from views.downloads import stored
from views.language import text
from views.limits import file_limit
from views.message_form import TAKES, Written, fresh, sent_before, written
from views.notices import is_opened
from views.pages import page, redirect_to
from views.routes import Routes

messages = Routes("messages", __name__)
_PAGE = 25
_SIGNED = {"edoc", "asice"}
About = tuple[str, Any]  # the address of an invoice or a meter in a form, and the object


@messages.get("/messages", "messages view")
def list_all() -> Response:
    """Conversations that she sees, the latest first."""
    before = min(max(request.args.get("before", threads.NEWEST, int), 0), threads.NEWEST)
    found = threads.of(reading(), g.reach.sight(), _PAGE + 1, before)
    older = found[_PAGE:] and found[_PAGE - 1].row.latest_id
    return page(
        "messages/list.html", current="messages", found=found[:_PAGE], older=older, later=before < threads.NEWEST,
        desk=state().site.desk,
    )  # fmt: skip


@messages.get("/messages/new", "messages act")
def new() -> Response:
    """What it is about, with the time of an answer; then the form of that topic."""
    about, key = _about(request.args.get("about", "")), request.args.get("topic", "")
    topics = state().site.desk.offered
    if key not in topics:
        kind = {"iid": "invoice", "mid": "reading"}[about[0][:3]] if about else ""
        key = next((one for one, topic in topics.items() if topic.kind == kind), "")
    if key:
        return _form(key, about, fresh(property=request.args.get("property", "")[:16]))
    return page("messages/topics.html", current="messages", topics=topics, due={one: _due(one) for one in topics})


def _due(topic: str) -> datetime:
    """By when a message that comes now is answered."""
    held = state()
    return held.site.desk.due(topic, held.clock.local(held.clock.now()), held.site.working_days)


def _about(named: str) -> About | None:
    """The invoice or the meter that it is about; 404 for one at a place where she may not write."""
    if not named:
        return None
    name, _, number = named.partition(":")
    section = {"iid": "invoices", "mid": "meters"}.get(name, "")
    found: Any = FETCH[name](g.reach, number) if section and is_public_id(number) else None
    if found is None or may(state().site, somebody(), section, found.place) < Right.VIEW:
        abort(404)
    if found.place.id not in {place.id for place in g.reach.sight().writable}:
        abort(404)
    return named, found


def _form(key: str, about: About | None, form: Written) -> Response:
    """The form of a topic."""
    return page(
        "messages/new.html", status=form.answer, current="messages", key=key, topic=state().site.desk.topic(key),
        about=about, form=form, places=g.reach.sight().writable, due=_due(key),
    )  # fmt: skip


@messages.post("/messages/new", "messages act")
def ask() -> Response:
    """Send it; whatever is wrong, nothing that was typed or chosen is lost."""
    about, key = _about(request.form.get("about", "")), request.form.get("topic", "")
    topic = state().site.desk.offered.get(key) or abort(404)
    form = written()
    if form.status == 409 and (again := sent_before(form.typed["body"], request.form["once"])):
        return again
    place = _place(form, about)
    if topic.signed and not ("remove" in request.form or {ending(file.name) for file in form.files} & _SIGNED):
        form.wrong["files"] = text("Attach the application as a file signed with eParaksts (EDOC or ASICE)")
    if not form.is_sent:
        return _form(key, about, form)
    thread = _thread(key, about, place, form)
    try:
        with writing() as session:
            answering.begin(session, _actor(place), thread, _message(form))
            where = thread.public_id
    except IntegrityError:  # the same form at the same moment
        return sent_before(form.typed["body"], form.once) or abort(409)
    return redirect_to(f"/messages/{where}?done=sent")


ask.takes = TAKES  # type: ignore[attr-defined]  # for `auth.guard`


def _place(form: Written, about: About | None) -> Place | None:
    """The place that it is about, if any; 404 for one where she may not write."""
    places: dict[str, Place] = {place.public_id: place for place in g.reach.sight().writable}
    wanted = form.typed["property"]
    if about:
        return places[about[1].place.public_id]
    if not wanted and places and "remove" not in request.form:
        form.wrong["property"] = text("Choose a property, or that it is about none of them")
    return None if wanted in ("", "none") else places.get(wanted) or abort(404)


def _actor(place: Place | None) -> Actor:
    return somebody().at(place) if place else somebody().actor()


def _thread(key: str, about: About | None, place: Place | None, form: Written) -> Thread:
    today, actor = state().clock.today(), _actor(place)
    thread = Thread(
        user_id=actor.user_id, topic=key, subject=form.typed["subject"], language=g.language, due_at=_due(key),
        began_on=today, changed_at=state().clock.now(), customer_id=actor.principal_customer_id,
        premises_id=place.id if place else None, mandate_version=actor.mandate_version,
    )  # fmt: skip
    if place and not place.has_ended(today):  # of premises that she has left it is another household
        thread.shared = bool(form.typed["shared"])
    if about:
        thread.about, row = about[0], about[1]
        thread.about_name = row.row.number if about[0].startswith("iid") else row.serial
    return thread


def _message(form: Written) -> Message:
    return Message(public_id=form.once, body=form.typed["body"], sent_at=state().clock.now())


@messages.get("/messages/<tid>", "messages view")
def show(tid: ThreadView, form: Written | None = None) -> Response:
    """A conversation, the oldest message first. To open it marks its answer read, as with notices (decisions.md 6)."""
    found = threads.messages(reading(), tid.row.id)
    before = threads.one(reading(), g.reach.sight(), tid.row.follows) if tid.row.follows else None
    if tid.row.unread and tid.may_write and form is None and is_opened():
        answering.mark_read(state().database, tid.row.id)
    return page(
        "messages/show.html", status=form.answer if form else 200, current="messages", place=tid.place, thread=tid.row,
        found=found, form=form or fresh(), may_write=tid.may_write, before=before, desk=state().site.desk,
        now=state().clock.now(), done=request.args.get("done", ""), name=state().site.name,
        staff_names=state().site.staff_names,
    )  # fmt: skip


@messages.post("/messages/<tid>/replies", "messages act")
def reply(tid: ThreadView) -> Response:
    """Write again: it opens what was solved; after what is closed another conversation begins (decisions.md 26)."""
    if not tid.may_write:
        abort(404)
    form = written()
    if form.status == 409 and (again := sent_before(form.typed["body"], request.form["once"])):
        return again
    if not form.is_sent:
        return show(tid, form)
    due = _due(tid.row.topic)
    try:
        with writing() as session:
            number = tid.row.merged_into or tid.row.id
            where = answering.reply(session, _as_before(tid), number, _message(form), due).public_id
    except IntegrityError:  # as above
        return sent_before(form.typed["body"], form.once) or abort(409)
    return redirect_to(f"/messages/{where}?done=sent")


reply.takes = TAKES  # type: ignore[attr-defined]  # as above


def _as_before(tid: ThreadView) -> Actor:
    """Who goes on with it: as herself with what she began so, else by the right that lets her."""
    if tid.place:
        return somebody().at(tid.place)
    person = somebody()
    return Actor(person.user_id, Source.SELF, tid.row.customer_id, None, person.method)


@messages.post("/messages/<tid>/close", "messages act")
def settle(tid: ThreadView) -> Response:
    """She says whether it is solved; what is not is opened again."""
    act = request.form.get("act", "")
    if not tid.may_write or act not in ("solved", "unsolved"):
        abort(404)
    now, due = state().clock.now(), _due(tid.row.topic)
    with writing() as session:
        done = answering.settle(session, _as_before(tid), tid.row.id, act, now, due)
    return redirect_to(f"/messages/{tid.row.public_id}" + (f"?done={act}" if done else ""))


@messages.get("/messages/<tid>/files/<aid>", "messages view", file_limit)
def file(tid: ThreadView, aid: AnyRow) -> Response:
    """A file of one of its messages, always to be saved (security rule 16)."""
    if aid.tid != tid.row.public_id:
        abort(404)
    return stored(aid.file_hash, aid.name, saved=True)
