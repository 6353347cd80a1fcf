"""Documents of a property and its yearly estimate, year beside year (C13; LU-58)."""

from flask import Blueprint, Response

from auth.access import Right
from auth.guard import needs
from auth.state import reading
from models import documents as table
from models.documents import DocumentView
from models.places import Place
from models.types import DocumentKind
from views.downloads import stored
from views.limits import file_limit
from views.pages import page

documents = Blueprint("documents", __name__)


@documents.get("/properties/<pid>/documents")
@needs("documents", Right.VIEW)
def list_all(pid: Place) -> Response:
    """Documents by group, and the estimate with its comparison."""
    connection = reading()
    found, estimate = table.documents(connection, pid), table.estimate(connection, pid)
    groups = [(kind, [view.row for view in found if view.row.kind is kind]) for kind in DocumentKind]
    groups = [(kind, rows) for kind, rows in groups if rows]
    return page("documents/list.html", current="documents", place=pid, groups=groups, estimate=estimate)


@documents.get("/documents/<did>/file")
@needs("documents", Right.VIEW)
@file_limit
def file(did: DocumentView) -> Response:
    """The document itself."""
    return stored(did.row.file_hash, did.row.file_name)
