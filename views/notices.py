"""Notices: the archive, one of them, its files, and what home shows (E01–E03; LU-38..42)."""

from collections.abc import Sequence

from flask import Response, abort, g, request

from auth.access import is_strong
from auth.state import reading, somebody, state, visitor, writing
from models import noticeboard as board
from models.types import AnyRow, utc_now
from views.downloads import stored
from views.limits import file_limit
from views.pages import page, redirect_to
from views.routes import Routes

notices = Routes("notices", __name__)
_NEWEST = 100  # on the page of all of them; the rest stands on those of their years


def reader() -> board.Reader:
    """Who reads, here and now; on a public page nobody in particular."""
    person, held = visitor(), state()
    number, strong = (person.user_id, is_strong(held.site, person)) if person else (0, False)
    today, first = held.clock.today(), held.site.languages[0]
    return board.Reader(number, held.clock.now(), g.language, first, today, strong)


@notices.get("/notices", "notices view")
def list_all() -> Response:
    """The archive, for ever: all, the unread, or those of a year (LU-42)."""
    connection, who = reading(), reader()
    found = board.of(connection, who)
    years = sorted({row.published_on.year for row in found}, reverse=True)
    wanted = request.args.get("show", "")
    if wanted == "unread":
        shown: Sequence[AnyRow] = [row for row in found if row.read_at is None]
    else:
        year = next((one for one in years if str(one) == wanted), None)
        shown = [row for row in found if row.published_on.year == year] if year else found[:_NEWEST]
    to = board.addressed(connection, who, [row.id for row in shown]) if len(g.reach.places) > 1 else {}
    return page(
        "notices/list.html", current="notices", notices=shown, any_at_all=bool(found), years=years, wanted=wanted, to=to
    )


@notices.get("/notices/<nid>", "notices view")
def show(nid: AnyRow) -> Response:
    """One notice. To open it marks it read: the one GET that changes something (decisions.md 6; LU-40, LU-41)."""
    if nid.withdrawn_at:
        return page("notices/withdrawn.html", status=410, current="notices", withdrawn_at=nid.withdrawn_at)
    connection, who = reading(), reader()
    text, files = board.text(connection, nid.id, who.language, who.first), board.attached(connection, nid.id)
    to = board.addressed(connection, who, [nid.id]).get(nid.id, [])
    if nid.read_at is None and is_opened():
        board.mark_read(state().database, somebody().user_id, nid.id)
    return page("notices/show.html", current="notices", notice=nid, text=text, files=files, to=to)


def is_opened() -> bool:
    """Whether a page is asked for by a person, not fetched by a browser that guesses what she will open next."""
    purposes = " ".join(request.headers.get(name, "") for name in ("Sec-Purpose", "Purpose", "X-Moz"))
    return request.method == "GET" and "prefetch" not in purposes


@notices.post("/notices/<nid>/confirm", "notices act")
def confirm(nid: AnyRow) -> Response:
    """She has read it, as she was asked to confirm (E05); once, and nothing waits for it."""
    person = somebody()
    if nid.read_at is None:
        board.mark_read(state().database, person.user_id, nid.id)
    with writing() as session:
        board.confirm(session, person.actor(), nid.id, utc_now())
    return redirect_to(f"/notices/{nid.public_id}")


@notices.get("/notices/<nid>/files/<fid>", "notices view", file_limit)
def file(nid: AnyRow, fid: AnyRow) -> Response:
    """An attachment, always to be saved (E02; security rule 16)."""
    if fid.notice_id != nid.id:
        abort(404)
    return stored(fid.file_hash, fid.name, saved=True)
