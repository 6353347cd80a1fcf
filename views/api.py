"""The API for a billing system (D15; docs/integration.md): the exchange by another door, under /api/v1."""

import json
import re
from hashlib import sha256
from typing import Any

from flask import Response, abort, current_app, g, request
from sqlalchemy.exc import IntegrityError

from auth.state import reading, state, writing
from models import api_tokens
from models.audit import Actor
from models.types import AnyRow
from views.limits import api_limit, login_limit
from views.problems import problem_json
from views.routes import Routes

api = Routes("api", __name__)
_KEY = re.compile(r"[!-~]{1,64}")


@api.get("/api/openapi.json", "public", login_limit)
def described() -> Response:
    """What the API is like."""
    return _answer(_door().document())


@api.get("/api/v1/readings/changes", "api readings:read", api_limit)
def pulled() -> Response:
    """A page of readings that changed, which are exported with it."""
    door, after, is_open = _door(), request.args.get("after", ""), "open" in request.args
    try:
        return _answer(door.pull(state().database, after, _program(), is_open=is_open))
    except door.Wrong as wrong:
        return _wrong(wrong)


@api.post("/api/v1/<table>", "api {table}:write", api_limit)
def taken(table: str) -> Response:
    """Rows of one table of the exchange; the answer to a key that was here before is the same again."""
    if request.mimetype != "application/json":
        abort(415, "expected application/json")
    door, body, once = _door(), request.get_data(), request.headers.get("Idempotency-Key", "")
    if once and not _KEY.fullmatch(once):
        return problem_json(400, "Idempotency-Key: expected 1 to 64 visible ASCII characters")
    content = sha256(f"{table}?{request.query_string.decode()}\n".encode() + body).hexdigest()
    if kept := once and api_tokens.answered(reading(), g.client.id, once):
        return _again(kept, content)
    try:
        outcome, problems = door.take(state(), table, door.given(body), _program(), dry_run="dry_run" in request.args)
    except door.Wrong as wrong:
        return _wrong(wrong)
    except door.ExchangeError as error:  # of another import, or of whoever changed the same rows
        return _later(error.message)
    return _kept(once, content, 422 if problems else 200, outcome | ({"errors": problems} if problems else {}))


taken.takes = 30_000_000  # type: ignore[attr-defined]  # for `auth.guard`


def _program() -> Actor:
    """Whose token came: it stands where people's way of logging in does."""
    return Actor(None, "api", session_method=f"token {g.client.id}")


def _door() -> Any:
    return current_app.extensions["door"]()


def _kept(once: str, content: str, status: int, told: dict[str, Any]) -> Response:
    """The outcome, kept under its key."""
    if once and not told["dry_run"]:
        try:
            with writing() as session:
                api_tokens.keep(session, g.client.id, once, content, status, told)
        except IntegrityError:  # the same at the same moment: what is said twice is taken once
            return _later("A request with this Idempotency-Key was just answered.")
    return _outcome(status, told)


def _again(kept: AnyRow, content: str) -> Response:
    if kept.content_hash != content:
        return problem_json(409, "This Idempotency-Key was used with another request.")
    return _outcome(kept.status, kept.answer)


def _outcome(status: int, told: dict[str, Any]) -> Response:
    if status == 200:
        return _answer(told)
    return problem_json(status, "Some rows were left out; all others were taken.", type="urn:ekabinets:rows", **told)


def _wrong(wrong: Any) -> Response:
    errors = [{"pointer": "#/" + wrong.field.replace(".", "/"), "detail": f"expected {wrong}"}] if wrong.field else None
    return problem_json(400, f"{wrong.field or 'body'}: expected {wrong}", errors)


def _later(detail: str) -> Response:
    response = problem_json(503, detail)
    response.headers["Retry-After"] = "10"
    return response


def _answer(told: dict[str, Any]) -> Response:
    """JSON, or 304 to who has it."""
    response = Response(json.dumps(told, ensure_ascii=False), mimetype="application/json")
    response.add_etag()
    if request.method in ("GET", "HEAD"):
        response.make_conditional(request)
    return response
