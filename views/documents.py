"""Documents of a property, its house file, and its yearly estimate, year beside year (C13, E07–E09; LU-58)."""

from flask import Response, abort, request

from auth.access import Right, lent, may
from auth.state import reading, somebody, state
from models import documents as table
from models import house_use
from models.documents import DocumentView
from models.places import Place
from models.types import AnyRow, DocumentKind, TenureRole
from views.downloads import stored
from views.limits import file_limit
from views.pages import page
from views.routes import Routes

documents = Routes("documents", __name__)


_FILTER_FROM = 30  # documents; of fewer all are shown at once


@documents.get("/properties/<pid>/documents", "documents view")
def list_all(pid: Place) -> Response:
    """Documents by group, of one year where they are many, and the estimate with its comparison."""
    connection, site = reading(), state().site
    found, estimate = table.documents(connection, pid), table.estimate(connection, pid)
    years = sorted({view.row.issued_on.year for view in found}, reverse=True) if len(found) >= _FILTER_FROM else []
    year = next((one for one in years if str(one) == request.args.get("year")), None)
    shown = [view for view in found if year in (None, view.row.issued_on.year)]
    is_open = may(site, somebody(), "house_file", pid) >= Right.VIEW
    return page(
        "documents/list.html", current="documents", place=pid, groups=_groups(shown), estimate=estimate, years=years,
        year=year, is_open=is_open, house=_has_house_file(pid),
    )  # fmt: skip


def _has_house_file(place: Place) -> bool:
    """Whether there is one for her: it is the owners', and of these whoever lent it."""
    offered = "house_file" in state().site.sections and place.role is not TenureRole.TENANT
    return offered and lent(place, "house_file") >= Right.VIEW


@documents.get("/properties/<pid>/house", "house_file view")
def house(pid: Place) -> Response:
    """The house file: of an owner, and only by a strong login (E07, E09; OG-21..23)."""
    if pid.role is TenureRole.TENANT:
        abort(403)
    connection = reading()
    groups, estimate = _groups(table.documents(connection, pid, house_file=True)), table.estimate(connection, pid)
    building, held = table.building(connection, pid), state()
    balance = house_use.water(connection, held.site, pid, held.clock.today())
    return page(
        "documents/house.html", current="house", place=pid, groups=groups, estimate=estimate, building=building,
        balance=balance,
    )  # fmt: skip


def _groups(found: list[DocumentView]) -> list[tuple[DocumentKind, list[AnyRow]]]:
    groups = [(kind, [view.row for view in found if view.row.kind is kind]) for kind in DocumentKind]
    return [(kind, rows) for kind, rows in groups if rows]


@documents.get("/house-files/<hid>/file", "house_file view", file_limit)
def house_paper(hid: DocumentView) -> Response:
    """A document of the house file. It has this one address, so that no other opens it."""
    return stored(hid.row.file_hash, hid.row.file_name)


@documents.get("/documents/<did>/file", "documents view", file_limit)
def file(did: DocumentView) -> Response:
    """The document itself."""
    return stored(did.row.file_hash, did.row.file_name)
