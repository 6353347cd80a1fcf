"""The operator's own checks: a test letter, the windows to come, whom a notice reaches, how the instance stands."""

from typing import Any

from flask import Response, abort, current_app, g, request

from auth.access import Right, staff_right
from auth.state import reading, somebody, state, writing
from models import announcements, checks, window_changes
from models.overrides import overrides_for
from models.types import utc_now
from views.limits import letter_limit
from views.pages import page, redirect_to
from views.routes import Routes

checking = Routes("checks", __name__)
_HOME = "/staff/checks"
_WINDOWS, _HOUSES = 12, 10  # of each kind; houses with changes of their own


@checking.get(_HOME, "staff checks view")
def show() -> Response:
    """All of it; whom a notice reaches is counted where that is asked for, because it looks at everybody."""
    held, connection, today = state(), reading(), state().clock.today()
    files = None if held.settings.storage else checks.free(held.settings.files_dir)
    counted = announcements.reach(connection, today) if "people" in request.args else None
    return page(
        "staff/checks.html", kinds_of_letters=_subjects(), tests=checks.tests(connection, somebody().user_id),
        may_send=staff_right("checks", somebody().role) >= Right.ACT, done=request.args.get("done", ""),
        windows=_windows(), counted=counted, row=checks.instance(connection, utc_now()), files=files,
        held=held.settings, unsafe=[problem.partition(":")[0].partition(",")[0] for problem in held.settings.unsafe()],
        now=utc_now(),
    )  # fmt: skip


def _subjects() -> dict[str, str]:
    """The kinds of letters, each by the subject that it would have."""
    held, language = state(), g.language
    environment = current_app.extensions["languages"][language]
    frame = {"site": held.site, "base_url": "", "language": language, "at": utc_now(), "link": ""}
    found = {}
    for kind in checks.KINDS:
        words = frame | checks.words(kind, language)
        del words["test"]
        found[kind] = str(environment.get_template(f"mail/{kind}.txt").make_module(words).subject).strip()
    return found


def _windows() -> list[tuple[str, int | None, Any]]:
    """Of the site, then of each house with changes of its own: address, number, the windows to come."""
    connection, site, today = reading(), state().site, state().clock.today()
    changes = overrides_for(connection, None, today)
    houses = {row.house_id: row.address for row in window_changes.changes(connection, today) if row.house_id}
    shown = [(None, ""), *houses.items()][: _HOUSES + 1]
    found = ((number, name, window_changes.months(site, changes, number, today)) for number, name in shown)
    return [(name, number, [(kinds, list_[:_WINDOWS]) for kinds, list_ in months]) for number, name, months in found]


@checking.post(_HOME, "staff checks act", letter_limit)
def send() -> Response:
    """A test letter to herself."""
    kind, language = request.form.get("kind", ""), request.form.get("language", "")
    if kind not in checks.KINDS or language not in state().site.languages:
        abort(404)
    with writing() as session:
        sent = checks.send_test(session, somebody().actor(), kind, language)
    return redirect_to(f"{_HOME}?done={'sent' if sent else 'nowhere'}")
