"""The searches of staff read no big table from end to end, be what they look for rare or common."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from models.customers import Customer
from models.database import Database
from models.premises import Premises
from models.rules.search import kept, of_customer
from models.search import ThreadText
from models.tenures import Tenure
from models.threads import Message, Thread, ThreadNote
from models.types import Settlement, TenureRole, utc_now
from tests.browser import Browser
from tests.test_plans import Sent, scans
from tests.test_statements import SEARCHED

MANY = 6000
BIG = {"customer", "premises", "tenure", "thread", "thread_text", "message", "thread_note"}


@pytest.fixture
def crowd(app: Flask) -> Flask:
    """Each customer with a name, a street and a conversation of her own; one in two is called Anna."""
    numbers, now = range(10_000, 10_000 + MANY), utc_now()
    name = {n: f"{'Anna' if n % 2 else 'Dace'} Uzvārds{n}" for n in numbers}
    talk = {"topic": "other", "language": "lv", "began_on": date(2026, 11, 1), "changed_at": now, "state": "closed"}
    rows: dict[Any, list[dict[str, Any]]] = {
        Customer: [{"id": n, "external_id": f"c{n}", "code": f"c{n}", "name": name[n], "is_company": False, "settlement": Settlement.METERED, "folded": of_customer(f"c{n}", name[n], None, None)} for n in numbers],
        Premises: [{"id": n, "external_id": f"p{n}", "public_id": f"p{n}", "house_id": 1, "flat": "", "address": f"Iela{n} 1", "folded": kept([f"Iela{n} 1"])} for n in numbers],
        Tenure: [{"external_id": f"t{n}", "customer_id": n, "premises_id": n, "role": TenureRole.OWNER, "starts_on": date(2020, 1, 1)} for n in numbers],
        Thread: [{"id": n, "public_id": f"t{n}", "customer_id": n, "premises_id": n, "latest_id": n, **talk} for n in numbers],
        Message: [{"id": n, "public_id": f"m{n}", "thread_id": n, "body": f"Labdien! Vārds{n}.", "sent_at": now} for n in numbers],
        ThreadNote: [{"thread_id": n, "author": "Ilze", "body": f"Piezīme{n}.", "noted_at": now} for n in numbers],
        ThreadText: [{"latest_id": n, "thread_id": n, "folded": kept(["Labdien", f"Vārds{n}", f"Piezīme{n}", name[n]], 6)} for n in numbers],
    }
    for table, values in rows.items():
        with app.extensions["ekabinets"].database.write() as session:
            session.execute(sa.insert(table.__table__), values)
    with app.extensions["ekabinets"].database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")
    return app


def sent_by(app: Flask, paths: list[str]) -> Iterator[Sent]:
    """Each statement of these pages, with its values."""
    sent: dict[str, Sent] = {}
    ilze = Browser(app)
    ilze.log_in("ilze")

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        sent.setdefault(statement, (statement, parameters))

    engine = app.extensions["ekabinets"].database.engine
    sa.event.listen(engine, "before_cursor_execute", note)
    for path in paths:
        assert ilze.client.get(path).status_code == 200
    sa.event.remove(engine, "before_cursor_execute", note)
    yield from (one for key, one in sent.items() if key.startswith(("SELECT", "WITH")))


RARE = [f"{page}?q={typed}" for page in SEARCHED for typed in ("vards12345", "uzvards12345", "nekas", "piezime12345", "iela12345", "anna+uzvards12345")]


def test_what_is_rare_is_found_by_the_index(crowd: Flask):
    database: Database = crowd.extensions["ekabinets"].database
    found = {one[0]: {*scans(database, one)} & BIG for one in sent_by(crowd, RARE)}
    assert len(found) >= 5 and not {one: names for one, names in found.items() if names}


def test_what_is_common_reads_no_more_than_the_latest(crowd: Flask):
    database: Database = crowd.extensions["ekabinets"].database
    pages = ["/staff/search?q=anna", "/staff/search?q=labdien", "/staff/customers?q=anna"]
    looked = [one for one in sent_by(crowd, pages) if "folded" in one[0] or " MATCH " in one[0]]
    assert len(looked) >= 2 and all(stops_early(database, one) for one in looked)


def stops_early(database: Database, sent: Sent) -> bool:
    """PostgreSQL counts what it has read; SQLite's plan says that its index is read from the newest, not sorted first."""
    statement, values = sent
    with database.read() as connection:
        cursor: Any = connection.connection.cursor()
        if database.is_sqlite:
            cursor.execute(f"EXPLAIN QUERY PLAN {statement}", values)
            steps = cursor.fetchall()
            within = {parent for _, parent, _, step in steps if step.startswith("SCAN words_")}
            return bool(within) and not any(parent in within and "TEMP B-TREE" in step for _, parent, _, step in steps)
        cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {statement}", values)
        plans = [plan for plan in cursor.fetchone()[0][0]["Plan"]["Plans"] if plan.get("Subplan Name", "").startswith("CTE")]
        return 51 <= max(sum(read(plan)) for plan in plans) <= 2000


def read(node: dict[str, Any]) -> Iterator[float]:
    """How many rows each scan of a plan has read."""
    if node["Node Type"].endswith("Scan") and node.get("Relation Name") in BIG:
        yield (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
    for part in node.get("Plans", ()):
        yield from read(part)
