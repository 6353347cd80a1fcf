"""The OpenAPI document of the API, made of the tables of the exchange themselves."""

from functools import cache
from typing import Any

from jobs.exchange.samples import columns
from jobs.exchange.tables import TABLES
from jobs.exports import COLUMNS

_TEXTS = {"type": "string"}
_COUNT = {"type": "integer", "minimum": 0}
_YES = {"type": "boolean"}


@cache
def document() -> dict[str, Any]:
    """OpenAPI 3.1."""
    paths: dict[str, Any] = {f"/api/v1/{name}": {"post": _post(name)} for name in TABLES}
    paths["/api/v1/readings/changes"] = {"get": _get()}
    schemas = {name: _table(name) for name in TABLES}
    return {
        "openapi": "3.1.0",
        "info": {"title": "ekabinets", "version": "1", "description": "docs/integration.md explains it."},
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {**schemas, "Outcome": _OUTCOME, "Problem": _PROBLEM, "Readings": _READINGS},
            "responses": {
                "Problem": {
                    "description": "RFC 9457", "content": {"application/problem+json": {"schema": _ref("Problem")}},
                },
            },
        },
    }  # fmt: skip


def _ref(name: str, kind: str = "schemas") -> dict[str, str]:
    return {"$ref": f"#/components/{kind}/{name}"}


def _object(properties: dict[str, Any], *required: str, **more: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": [*required], **more}


_OUTCOME = _object(
    {"table": _TEXTS, **dict.fromkeys(("read", "added", "changed", "unchanged", "refused"), _COUNT), "dry_run": _YES},
    "table", "read", "added", "changed", "unchanged", "refused", "dry_run",
)  # fmt: skip
_ERROR = _object(
    {"row": _COUNT, **dict.fromkeys(("column", "value", "pointer", "detail"), _TEXTS)}, "pointer", "detail",
)  # fmt: skip
_PROBLEM = _object(
    {**dict.fromkeys(("type", "title", "detail"), _TEXTS), "status": _COUNT, **_OUTCOME["properties"],
     "errors": {"type": "array", "items": _ERROR}}, "type", "title", "status",
)  # fmt: skip
_READINGS = _object(
    {"readings": {"type": "array", "items": _object({name: {"type": ["string", "null"]} for name in COLUMNS})},
     "next": _TEXTS, "more": _YES}, "readings", "next", "more",
)  # fmt: skip


def _table(name: str) -> dict[str, Any]:
    told = columns(name)
    cells = {
        one.name: {
            "type": ["string", "number"] if one.required else ["string", "number", "boolean", "null"],
            "description": one.takes, "examples": [one.example],
        }
        for one in (told[1] if told else ())
    }  # fmt: skip
    needed = (column.name for column in TABLES[name].described if column.required)
    return _object(cells, *needed, additionalProperties=False)


def _answers(schema: str, *more: str) -> dict[str, Any]:
    fine = {"200": {"description": "done", "content": {"application/json": {"schema": _ref(schema)}}}}
    return fine | {code: _ref("Problem", "responses") for code in ("400", "401", "403", "429", *more)}


def _parameter(name: str, place: str, description: str) -> dict[str, Any]:
    return {"name": name, "in": place, "description": description, "schema": _TEXTS}


def _post(name: str) -> dict[str, Any]:
    rows = {"type": "array", "items": _ref(name), "minItems": 1, "maxItems": 10_000}
    files = {"type": "object", "additionalProperties": {"type": "string", "contentEncoding": "base64"}}
    return {
        "operationId": f"take_{name}", "summary": f"Rows of {name}, as from {name}.csv; scope {name}:write",
        "parameters": [
            _parameter("Idempotency-Key", "header", "the same key again is answered as before"),
            _parameter("dry_run", "query", "1: say what would happen"),
        ],
        "requestBody": {"required": True, "content": {"application/json": {
            "schema": _object({"rows": rows, "files": files}, "rows", additionalProperties=False),
        }}},
        "responses": _answers("Outcome", "409", "413", "415", "422", "503"),
    }  # fmt: skip


def _get() -> dict[str, Any]:
    return {
        "operationId": "pull_readings", "summary": "Readings that changed, oldest first; scope readings:read",
        "parameters": [
            _parameter("after", "query", "the next of the answer before; nothing: from the beginning"),
            _parameter("open", "query", "1: only those that wait for an answer"),
        ],
        "responses": _answers("Readings") | {"304": {"description": "as it was"}},
    }  # fmt: skip
