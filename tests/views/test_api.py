"""The API for a billing system: the exchange by another door (D15)."""

import base64
import csv
import io
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from app import create_app
from jobs.exchange import door, import_folder
from jobs.exchange.load import only_one
from models import api_tokens
from models.api_tokens import SCOPES, ApiReceipt, ApiToken
from models.audit import Actor, AuditRow
from models.customers import Customer
from models.database import Database
from models.readings import Reading
from models.types import ExternalStatus, Source, utc_now
from tests.browser import Browser
from tests.conftest import settings_for
from tests.jobs.exchanges import PDF, SITE, TABLES, Exchange
from tests.standing import change, dump, fetch

READ, WRITE = "readings:read", "readings:write"
FILES = {name: base64.b64encode(PDF + name.encode()).decode() for name in ("i1.pdf", "act.pdf")}


class Program:
    """A program of the billing system, with its token."""

    def __init__(self, app: Flask, *scopes: str, days: int = 1) -> None:
        self.app, self.client = app, app.test_client()
        with app.extensions["ekabinets"].database.write() as session:
            until = utc_now() + timedelta(days=days)
            name = f"program {session.execute(sa.select(sa.func.count()).select_from(ApiToken)).scalar()}"
            self.secret = api_tokens.make(session, Actor(None, "command"), name, scopes or SCOPES, until)
        self.headers = {"Authorization": f"Bearer {self.secret}"}

    def post(self, table: str, rows: Any, headers: dict[str, str] | None = None, **more: Any) -> tuple[int, dict[str, Any]]:
        path = f"/api/v1/{table}{'?dry_run=1' if more.pop('dry_run', False) else ''}"
        answer = self.client.post(path, json={"rows": rows} | more, headers=self.headers | (headers or {}))
        assert answer.mimetype == ("application/json" if answer.status_code == 200 else "application/problem+json")
        return answer.status_code, answer.get_json(force=True)

    def get(self, path: str, **headers: str) -> Any:
        return self.client.get(path, headers=self.headers | headers)


@pytest.fixture
def billing(app: Flask) -> Program:
    """One that may do everything."""
    return Program(app)


@pytest.fixture
def no_lag(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was written just now is given out at once."""
    monkeypatch.setattr(door, "LAG", -timedelta(seconds=1))


def as_json(table: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(TABLES[table]), delimiter=";"))


def test_what_a_folder_brings_the_api_brings_row_by_row_the_same(database: Database, tmp_path: Path):
    exchange = Exchange(database, tmp_path)
    (tmp_path / "api").mkdir()
    own = create_app(settings_for(str(exchange.database.url.render_as_string(hide_password=False)), tmp_path / "api"))
    billing = Program(own)
    for table in TABLES:
        status, told = billing.post(table, as_json(table), files=FILES)
        assert (status, told["added"]) == (200, len(as_json(table))), told
    exchange.put_all()
    report = import_folder(exchange.database, exchange.storage, SITE, "i" * 40, exchange.path)
    assert not report.changed_anything and report.problem_count == 0
    own.extensions["ekabinets"].database.dispose()


def test_numbers_and_words_of_json_are_the_cells_of_a_file(billing: Program, app: Flask):
    row = {"external_id": "C99", "code": 20499, "name": "SIA Ūdens", "kind": "company", "phone": None}
    assert billing.post("customers", [row])[1]["added"] == 1
    assert billing.post("customers", [row])[1]["unchanged"] == 1
    ((code, phone),) = fetch(app, sa.select(Customer.code, Customer.phone).where(Customer.external_id == "C99"))
    assert (code, phone) == ("20499", None)


def test_a_row_with_a_mistake_is_named_by_row_and_column_and_stops_no_other(billing: Program, app: Flask):
    rows = [{"external_id": f"C9{n}", "code": f"9{n}", "name": "A", "email": email} for n, email in enumerate(("a@b.lv", "anna@", None))]
    status, told = billing.post("customers", rows)
    assert (status, told["type"], told["added"], told["refused"]) == (422, "urn:ekabinets:rows", 2, 1)
    assert told["errors"] == [{
        "row": 2, "column": "email", "value": "anna@", "pointer": "#/rows/1/email", "detail": "expected an e-mail address such as anna@example.lv",
    }]  # fmt: skip
    assert len(fetch(app, sa.select(Customer).where(Customer.external_id.in_(("C90", "C92"))))) == 2


@pytest.mark.parametrize(("rows", "column", "expected"), [
    ([{"external_id": "C9", "nmae": "A"}], "nmae", "expected one of external_id, code"),
    ([{"external_id": "C9", "code": "1", "name": "A"}, {"external_id": "C8", "code": "2"}], "name", "expected the same columns"),
    ([{"external_id": "C9", "code": "1", "name": "A"}, {"external_id": "C8", "code": "2", "name": "B", "phone": "1"}], "phone", "expected the same columns"),
    ([{"external_id": "C9", "code": ["1"], "name": "A"}], "code", "expected a text, a number"),
    ([{"external_id": "C9", "code": {"x": 1}, "name": "A"}], "code", "expected a text, a number"),
    ([{"external_id": "C9", "code": "\ud800", "name": "A"}], "code", "expected text in UTF-8"),
])  # fmt: skip
def test_what_is_no_row_is_told(billing: Program, rows: list[dict[str, Any]], column: str, expected: str):
    status, told = billing.post("customers", rows)
    assert status == 422 and expected in next(one["detail"] for one in told["errors"] if one["column"] == column)


@pytest.mark.parametrize(("body", "expected"), [
    (b"", "body: expected JSON"), (b"{", "body: expected JSON"), (b"[" * 100_000, "body: expected JSON"), (b"[]", "body: expected an object"),
    (b'{"rows": []}', "rows: expected a list of 1 to 10000"), (b'{"rows": [1]}', "rows: expected"), (b'{"rows": [{"a": NaN}]}', "body: expected JSON"),
    (b'{"rows": [{}], "x": 1}', "x: expected an object"), (b'{"rows": [{}], "files": []}', "files: expected"), (b'\xff\xfe', "body: expected JSON"),
    (b'{"rows": [{}], "files": {"a.pdf": "%"}}', "files.a.pdf: expected the content of a file in base64"),
])  # fmt: skip
def test_what_cannot_be_read_is_a_problem_and_changes_nothing(billing: Program, app: Flask, body: bytes, expected: str):
    before = dump(app, ["api_token"])
    answer = billing.client.post("/api/v1/customers", data=body, headers=billing.headers | {"Content-Type": "application/json"})
    assert answer.status_code == 400 and answer.get_json(force=True)["detail"].startswith(expected)
    assert dump(app, ["api_token"]) == before


def test_a_row_without_columns_and_a_form_are_problems_too(billing: Program):
    assert billing.post("customers", [{}])[0] == 422
    answer = billing.client.post("/api/v1/customers", data={"rows": "1"}, headers=billing.headers)
    assert (answer.status_code, answer.mimetype) == (415, "application/problem+json")


def test_a_personal_code_is_not_repeated(billing: Program):
    row = {"external_id": "C9", "code": "9", "name": "A", "identifier": "010190-1"}
    assert billing.post("customers", [row])[1]["errors"][0]["value"] == "(not shown)"


def test_a_dry_run_says_what_would_happen(billing: Program, app: Flask):
    before = dump(app, ["api_token"])
    status, told = billing.post("customers", [{"external_id": "C9", "code": "9", "name": "A"}], dry_run=True, headers={"Idempotency-Key": "1"})
    assert (status, told["added"], told["dry_run"]) == (200, 1, True) and dump(app, ["api_token"]) == before


def test_the_same_key_is_answered_as_before_and_taken_once(billing: Program, app: Flask):
    row, key = {"external_id": "C9", "code": "9", "name": "A"}, {"Idempotency-Key": "november-1"}
    first = billing.post("customers", [row], headers=key)
    assert billing.post("customers", [row], headers=key) == first and first[1]["added"] == 1
    assert billing.post("customers", [row | {"name": "B"}], headers=key)[0] == 409
    assert billing.post("houses", [row], headers=key)[0] == 409
    other = Program(app, "customers:write")
    assert other.post("customers", [row], headers=key)[1]["unchanged"] == 1  # a key is its program's own
    assert billing.post("customers", [row], headers={"Idempotency-Key": "ā"})[0] == 400


def test_what_was_refused_is_refused_again_by_its_key(billing: Program, app: Flask):
    row, key = {"external_id": "C9", "code": "9", "name": ""}, {"Idempotency-Key": "1"}
    first = billing.post("customers", [row], headers=key)
    assert first[0] == 422 and billing.post("customers", [row], headers=key) == first
    assert len(fetch(app, sa.select(ApiReceipt))) == 1


def test_while_another_import_runs_the_program_is_told_when_to_come_back(billing: Program, app: Flask, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(door, "_WAIT", 0.1)
    with only_one(app.extensions["ekabinets"].database):
        answer = billing.client.post("/api/v1/houses", json={"rows": [{"external_id": "H9", "address": "A", "town": "B"}]}, headers=billing.headers)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
    assert "Another import is running" in answer.get_json(force=True)["detail"]


# ---- who may


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Bearer x", "Basic {}", "bearer {}x", "Bearer ž{}", "{}"])
def test_without_a_good_token_there_is_nothing(billing: Program, app: Flask, header: str):
    headers = {"Authorization": header.format(billing.secret).encode().decode("latin-1")}
    for verb, path in (("GET", "/api/v1/readings/changes"), ("POST", "/api/v1/customers"), ("POST", "/api/v1/nothing")):
        answer = app.test_client().open(path, method=verb, headers=headers)
        assert (answer.status_code, answer.mimetype) == (401, "application/problem+json"), path
        assert answer.headers["WWW-Authenticate"].casefold().startswith("bearer")


def test_the_scheme_may_be_written_in_any_case(billing: Program):
    billing.headers = {"Authorization": f"bEARER  {billing.secret}"}
    assert billing.get("/api/v1/readings/changes").status_code == 200


def test_a_token_opens_what_it_is_for(app: Flask):
    every = [("GET", "/api/v1/readings/changes", READ), *(("POST", f"/api/v1/{table}", f"{table}:write") for table in (*TABLES, "einvoices"))]
    for _, _, scope in every:
        program = Program(app, scope)
        for verb, path, needed in every:
            answer = program.client.open(path, method=verb, headers=program.headers)
            assert (answer.status_code == 403) == (scope != needed), (scope, path)
    assert {scope for *_, scope in every} == {*SCOPES}


def test_a_table_that_is_none_is_not_found(billing: Program):
    assert billing.post("audit", [{}])[0] == 404
    assert billing.get("/api/v1/customers").status_code == 405
    assert billing.get("/api/v2").get_json(force=True)["status"] == 404


def test_a_token_ends_when_it_is_revoked_or_over(billing: Program, app: Flask):
    over = Program(app, days=0)
    assert over.get("/api/v1/readings/changes").status_code == 401
    assert billing.get("/api/v1/readings/changes").status_code == 200
    told = app.test_cli_runner().invoke(args=["api", "token", "revoke", "program 0"])
    assert told.exit_code == 0 and billing.get("/api/v1/readings/changes").status_code == 401
    assert app.test_cli_runner().invoke(args=["api", "token", "revoke", "program 0"]).exit_code == 1


def test_a_token_is_told_once_and_kept_as_a_hash(app: Flask):
    run = app.test_cli_runner().invoke
    secret = run(args=["api", "token", "add", "horizon", "--scope", READ, "--scope", WRITE]).output.strip()
    assert secret.startswith("ekab_") and secret not in str(dump(app))
    assert "there is a token called horizon" in run(args=["api", "token", "add", "horizon", "--scope", READ]).output
    assert "horizon: until 20" in (listed := run(args=["api", "token", "list"]).output) and "never used" in listed
    assert app.test_client().get("/api/v1/readings/changes", headers={"Authorization": f"Bearer {secret}"}).status_code == 200
    assert "never used" not in run(args=["api", "token", "list"]).output
    acts = [row.action for row in fetch(app, sa.select(AuditRow.action).order_by(AuditRow.id))]
    assert acts[-2:] == ["api.token_made", "readings.exported"]


def test_a_session_is_worth_nothing_at_the_api(anna: Browser, billing: Program):
    for verb, path in (("GET", "/api/v1/readings/changes"), ("POST", "/api/v1/customers")):
        assert anna.client.open(path, method=verb, json={"rows": [{}]}).status_code == 401


def test_a_token_is_worth_nothing_at_a_page(billing: Program, app: Flask):
    for path in ("/properties", "/profile", "/staff", "/staff/imports"):
        assert billing.get(path).status_code in (303, 404)
    assert billing.client.post("/logout", headers=billing.headers).status_code == 400


def test_an_import_by_the_api_is_in_the_audit_trail(billing: Program, app: Flask):
    billing.post("customers", [{"external_id": "C9", "code": "9", "name": "A"}])
    (row,) = fetch(app, sa.select(AuditRow).where(AuditRow.action == "import.finished"))
    assert (row.source, row.detail["tables"]["customers"]["added"], row.session_method) == ("api", 1, "token 1")


def test_who_took_readings_and_how_many_is_in_the_audit_trail(app: Flask, no_lag: None):
    Program(app)
    second = Program(app, "readings:read")
    count = len(second.get("/api/v1/readings/changes").get_json()["readings"])
    (row,) = fetch(app, sa.select(AuditRow).where(AuditRow.action == "readings.exported"))
    assert count and (row.source, row.session_method, row.detail) == ("api", "token 2", {"count": count})


def test_a_program_that_asks_too_often_waits(billing: Program, monkeypatch: pytest.MonkeyPatch):
    answers = [billing.get("/api/v1/readings/changes", **{"If-None-Match": "x"}) for _ in range(601)]
    assert [answer.status_code for answer in answers] == [200] * 600 + [429]
    assert answers[-1].mimetype == "application/problem+json" and answers[-1].headers["Retry-After"] == "60"


def test_what_is_too_much_is_refused(billing: Program):
    answer = billing.client.post("/api/v1/customers", data=b" " * 31_000_000, headers=billing.headers | {"Content-Type": "application/json"})
    assert (answer.status_code, answer.mimetype) == (413, "application/problem+json")


def test_an_error_of_ours_is_a_problem_with_a_number_and_no_trace(billing: Program, app: Flask, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(door, "take", lambda *_rest, **_more: 1 // 0)
    status, told = billing.post("customers", [{"external_id": "C9"}])
    assert status == 500 and "division" not in str(told)


# ---- readings out


def pages(billing: Program, **more: str) -> Iterator[dict[str, Any]]:
    after = ""
    while True:
        query = "&".join(f"{name}={value}" for name, value in ({"after": after} | more).items())
        told = billing.get(f"/api/v1/readings/changes?{query}").get_json()
        yield told
        if not told["more"]:
            return
        after = told["next"]


def test_every_reading_comes_once_page_by_page(billing: Program, app: Flask, no_lag: None, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(door, "_CHANGED", door._CHANGED.limit(7))
    monkeypatch.setattr(door, "PAGE", 7)
    found = [row["external_id"] for page in pages(billing) for row in page["readings"]]
    stored = [row.external_id for row in fetch(app, sa.select(Reading.external_id))]
    assert sorted(found) == sorted(stored) and None not in stored and len(found) > 14


def test_a_reading_is_exported_and_answered_and_gone_from_what_waits(billing: Program, app: Flask, no_lag: None):
    (first,) = [row.id for row in fetch(app, sa.select(Reading.id).limit(1))]
    change(app, sa.update(Reading).values(status=ExternalStatus.ACCEPTED))
    change(app, sa.update(Reading).where(Reading.id == first).values(status=ExternalStatus.RECEIVED, external_id=None, source=Source.SELF, value=126_500))
    (row,) = [row for page in pages(billing, open="1") for row in page["readings"]]
    assert (row["external_id"], row["status"], row["value"]) == (f"P{first}", "exported", "126.5")
    answer = {"external_id": row["external_id"], "status": "rejected", "status_reason": "Skaitītājs noņemts"}
    assert billing.post("readings", [answer])[1]["changed"] == 1
    assert [row for page in pages(billing, open="1") for row in page["readings"]] == []
    assert fetch(app, sa.select(Reading.status_reason).where(Reading.id == first)) == [("Skaitītājs noņemts",)]


def test_what_changed_since_comes_with_the_next_cursor(billing: Program, app: Flask, no_lag: None):
    *_, last = pages(billing)
    assert billing.get(f"/api/v1/readings/changes?after={last['next']}").get_json() == {"readings": [], "next": last["next"], "more": False}
    (first,) = [row.id for row in fetch(app, sa.select(Reading.id).limit(1))]
    change(app, sa.update(Reading).where(Reading.id == first).values(changed_at=utc_now()))
    (row,) = billing.get(f"/api/v1/readings/changes?after={last['next']}").get_json()["readings"]
    assert row["external_id"] in (f"P{first}", *(one.external_id for one in fetch(app, sa.select(Reading.external_id).where(Reading.id == first))))


def test_what_was_written_just_now_waits_for_those_that_are_still_writing(billing: Program, app: Flask):
    change(app, sa.update(Reading).values(changed_at=utc_now()))
    assert billing.get("/api/v1/readings/changes").get_json()["readings"] == []


def test_who_has_the_answer_is_told_so(billing: Program, no_lag: None):
    answer = billing.get("/api/v1/readings/changes")
    tag = answer.headers["ETag"]
    assert billing.get("/api/v1/readings/changes", **{"If-None-Match": tag}).status_code == 304
    assert billing.get("/api/v1/readings/changes", **{"If-None-Match": '"other"'}).get_json() == answer.get_json()


@pytest.mark.parametrize("cursor", ["x", "%00", "%FF", "1", "1-", "-1-1", "1-x", "1-12345678901234567", "12345678901234567-1", "²-²", "a" * 5000])
def test_a_cursor_of_somebody_else_is_a_problem(billing: Program, cursor: str):
    answer = billing.get(f"/api/v1/readings/changes?after={cursor}")
    assert answer.status_code == 400 and answer.get_json(force=True)["errors"][0]["pointer"] == "#/after"


# ---- the description


def test_the_description_has_every_table_and_column(app: Flask):
    answer = app.test_client().get("/api/openapi.json")
    told = json.loads(answer.data)
    assert told["openapi"] == "3.1.0" and {path.removeprefix("/api/v1/") for path in told["paths"]} == {*TABLES, "einvoices", "readings/changes"}
    for table, text in TABLES.items():
        assert {*text.split("\n")[0].split(";")} <= {*told["components"]["schemas"][table]["properties"]}, table
    assert app.test_client().get("/api/openapi.json", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304


def test_the_description_is_what_is_answered(billing: Program, app: Flask, no_lag: None):
    schemas = json.loads(app.test_client().get("/api/openapi.json").data)["components"]["schemas"]
    good, bad = ({"external_id": "C9", "code": "9", "name": name} for name in ("A", ""))
    for schema, told in (("Outcome", billing.post("customers", [good])[1]), ("Problem", billing.post("customers", [bad])[1]), ("Readings", billing.get("/api/v1/readings/changes").get_json())):
        assert {*schemas[schema]["required"]} <= {*told} <= {*schemas[schema]["properties"]}, schema
