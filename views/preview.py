"""What the customer sees: her own pages through her own door, shown to staff, dead and marked (H07; decision 26)."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from flask import Response, abort, current_app, g, request
from werkzeug.exceptions import HTTPException

from auth import guard
from auth.access import Right, staff_right
from auth.scope import Reach
from auth.state import somebody, state
from auth.visitor import Visitor
from models import customers
from models.types import AnyRow, Role
from views.customers import CUSTOMER, looked, user_of
from views.pages import fragment
from views.routes import Routes

preview = Routes("preview", __name__)
# Pages that change nothing when they are opened.
_SHOWN = {f"{name}.list_all" for name in ("properties", "invoices", "meters", "notices", "messages")}
_SHOWN |= {"properties.home", "invoices.show", "meters.show"}
_MAIN = '<main id="main" class="wrap" tabindex="-1">'
_LINK = re.compile(r'(<a\b[^>]*?) href="([/?][^"?#]*)[^"]*"')
_ALIVE = re.compile(r'<script\b.*?</script>|</?form\b[^>]*>| (data-hx-[\w-]+|hreflang)="[^"]*"', re.S)


@preview.get(CUSTOMER + "/as", "staff customers view")
def show(custid: AnyRow) -> Response:
    """One of her pages as she has it for this customer alone; she can read that it was opened."""
    user = user_of(custid)
    if user.disabled_at:  # she sees nothing
        abort(404)
    endpoint, arguments = _found(request.args.get("page", "/properties")) or abort(404)
    view: Any = current_app.view_functions[endpoint]
    section, least = view.access
    if section == "messages" and staff_right("inbox", somebody().role) < Right.VIEW:
        abort(403)
    seen = looked(custid, section, "customer.previewed", object_type="user", object_id=user.id)
    with _as(user), customers.alone(custid.id):
        request.view_args = arguments
        guard.for_residents(g.visitor, section, least)
        response: Any = view(**arguments)
    banner = fragment("staff/_preview.html", user=user, **seen)
    return _dead(response, f"{custid.id}/as?from={seen['why']}&amp;user={user.id}", banner)


@preview.post(CUSTOMER + "/as", "staff customers view")
def refuse(custid: AnyRow) -> Response:
    """Nothing can be sent from there."""
    abort(403)


@contextmanager
def _as(user: AnyRow) -> Iterator[None]:
    """Inside, she is here, by her weakest login and never as a strong one; afterwards whoever really is."""
    kept, held = (g.visitor, g.reach), state()
    method = "password" if "password" in held.site.login else held.site.login[0]
    g.visitor = Visitor(
        user_id=user.id, session_id=0, name=user.name, username=user.username, language=None, role=Role.RESIDENT,
        method=method, acr=None, authenticated_at=datetime.fromtimestamp(0, UTC), remembered=True,
    )  # fmt: skip
    g.reach = Reach(g.visitor, held.clock.today(), held.settings.idle)
    try:
        yield
    finally:
        g.visitor, g.reach = kept


def _found(path: str) -> tuple[str, dict[str, Any]] | None:
    """The endpoint and the variables of a page of hers that is shown; None for any other."""
    adapter = current_app.create_url_adapter(request)
    try:
        endpoint, arguments = adapter.match(path, "GET") if adapter else ("", {})
    except HTTPException:
        return None
    return (endpoint, {**arguments}) if endpoint in _SHOWN else None


def _dead(response: Response, where: str, banner: Response) -> Response:
    """A page without forms and scripts, whose links lead on inside of the preview, or nowhere."""
    into = f'href="/staff/customers/{where}&amp;page='
    html = _ALIVE.sub("", response.get_data(as_text=True))
    html = _LINK.sub(lambda a: f'{a[1]} {into}{quote(a[2])}"' if _found(a[2]) else a[1], html)
    response.set_data(html.replace(_MAIN, _MAIN + banner.get_data(as_text=True), 1))
    return response
