"""Imports by a page: upload, what was found, and taking it in (H12; ux.md §2.16)."""

from collections.abc import Sequence
from typing import Any, BinaryIO, cast

from flask import Response, abort, request
from sqlalchemy.exc import IntegrityError

from auth.access import Right, staff_right
from auth.state import reading, somebody, state, writing
from models import imports
from models.imports import ImportState
from models.rules.file_names import clean_name
from models.types import AnyRow, utc_now
from views.downloads import plain, spreadsheet
from views.pages import is_fragment, page, redirect_to
from views.routes import Routes

staff_imports = Routes("staff_imports", __name__)
_IMPORTS = "/staff/imports"
_SHOWN = 100  # problems on the page; the table for spreadsheets has as many as are kept


@staff_imports.get(_IMPORTS, "staff imports view")
def show(status: int = 200, wrong_kind: str = "", wrong_file: str = "") -> Response:
    """What was brought, and the form for more."""
    told: dict[str, Any] = {"kind": request.form.get("kind", ""), "wrong_file": wrong_file, "wrong_kind": wrong_kind}
    may = staff_right("imports", somebody().role) >= Right.ACT
    return page("staff/imports.html", status=status, found=imports.latest(reading()), may_act=may, **told)


@staff_imports.get(_IMPORTS + "/templates/<table>", "staff imports view")
def columns(table: tuple[str, Sequence[Any]]) -> Response:
    """What the columns of a table hold."""
    return page("staff/import_columns.html", told=table)


@staff_imports.get(_IMPORTS + "/templates/<table>.csv", "staff imports view")
def template(table: tuple[str, Sequence[Any]]) -> Response:
    """The columns of a table as a file to be filled in, with a row as an example."""
    kind, told = table
    return spreadsheet([[one.name for one in told], [one.example for one in told]], f"{kind}.csv")


@staff_imports.post(_IMPORTS, "staff imports act")
def upload() -> Response:
    """Keep a file and let the worker check it."""
    file, kind = request.files.get("file"), request.form.get("kind", "")
    if kind not in (*imports.KINDS, imports.ARCHIVE):
        return show(422, wrong_kind="missing")
    name = clean_name(file.filename or "")[-120:] if file and file.filename else ""
    endings = (".zip",) if kind == imports.ARCHIVE else (".csv", ".xlsx", ".xml" if kind in imports.XML else ".csv")
    if file is None or not name.lower().endswith(endings):
        return show(422, wrong_file="kind" if name else "missing")
    if not 0 < file.stream.seek(0, 2) <= imports.LARGEST:
        return show(422, wrong_file="size")
    try:
        stored = state().storage.put(cast(BinaryIO, file.stream))
        with writing() as session:
            number = imports.add(session, somebody().actor(), kind, name, stored)
    except IntegrityError:
        return show(409, wrong_file="busy")
    return redirect_to(f"{_IMPORTS}/{number}")


upload.takes = imports.LARGEST + 1_000_000  # type: ignore[attr-defined]  # for `auth.guard`


@staff_imports.get(_IMPORTS + "/<imid>", "staff imports view")
def one(imid: AnyRow) -> Response:
    """One of them; asked for by itself every three seconds while the worker has it."""
    return _one(imid)


def _one(row: AnyRow, status: int = 200, wrong: str = "") -> Response:
    told: dict[str, Any] = row.report or {"tables": {}, "problems": [], "count": 0, "formats": {}}
    tables = told["tables"]
    taken = sum(counts["added"] + counts["changed"] + counts["unchanged"] for counts in tables.values())
    sums = {"read": sum(counts["read"] for counts in tables.values()), "taken": taken}
    may = staff_right("imports", somebody().role) >= Right.ACT
    is_stale = bool(row.leased_until and row.leased_until < utc_now())
    response = page(
        "staff/import.html", status=status, row=row, told=told, sums=sums, problems=told["problems"][:_SHOWN],
        missing=any(counts["missing"] for counts in tables.values()), may_act=may, is_stale=is_stale, wrong=wrong,
    )  # fmt: skip
    if is_fragment() and not row.busy:
        response.headers["HX-Refresh"] = "true"  # the whole page is another one now
    return response


@staff_imports.post(_IMPORTS + "/<imid>", "staff imports act")
def decide(imid: AnyRow) -> Response:
    """Take it in, or give it up. What is missing in the file has to be meant (ux.md §2.16)."""
    act, take = request.form.get("act"), request.form.get("act") == "import"
    if act not in ("import", "cancel"):
        abort(404)
    missing = any(counts["missing"] for counts in imid.report.get("tables", {}).values())
    if take and missing and imid.state is ImportState.READY and "missing" not in request.form:
        return _one(imid, 422, "missing")
    try:
        with writing() as session:
            done = imports.decide(session, somebody().actor(), imid.id, take=take)
    except IntegrityError:
        return _one(imid, 409, "busy")
    row = imports.one(reading(), imid.id) or imid
    return redirect_to(f"{_IMPORTS}/{imid.id}") if done else _one(row, 409, "decided")


@staff_imports.get(_IMPORTS + "/<imid>/errors.csv", "staff imports view")
def errors(imid: AnyRow) -> Response:
    """What was wrong, for a spreadsheet (ASVS 1.2.10)."""
    lines = [["file", "row", "column", "value", "expected"]]
    lines += [[plain(str(cell)) for cell in problem] for problem in imid.report.get("problems", [])]
    return spreadsheet(lines, f"import-{imid.id}.csv") if lines[1:] else abort(404)
