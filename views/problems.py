"""Errors as programs read them (RFC 9457); for people there is `views.errors`."""

import json
from http import HTTPStatus
from typing import Any

from flask import Response


def problem_json(status: int, detail: str = "", errors: list[dict[str, Any]] | None = None, **more: Any) -> Response:
    """A problem. `errors`: each with what it is about; `more`: members of our own."""
    told: dict[str, Any] = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status}
    told |= {name: value for name, value in {"detail": detail, "errors": errors, **more}.items() if value}
    return Response(json.dumps(told), status, mimetype="application/problem+json")
