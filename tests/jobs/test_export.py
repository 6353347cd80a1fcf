"""Readings on their way to the billing system and their status on its way back."""

import csv
import io
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from jobs import exports
from jobs.exports import COLUMNS, export_readings
from models.database import metadata
from models.readings import Reading
from models.types import Source, utc_now
from tests.jobs.exchanges import places


def exported(exchange, since=None):
    out = io.StringIO()
    count = export_readings(exchange.database, since, out)
    rows = list(csv.DictReader(io.StringIO(out.getvalue()), delimiter=";"))
    assert len(rows) == count
    return rows


def submit(exchange, value, corrects=None, **more):
    """A reading as the portal writes it; its id."""
    (register,) = exchange.column("register", "id", meter_id=exchange.column("meter", "id", external_id="M1")[0])
    with exchange.database.write() as session:
        reading = Reading(register_id=register, value=value, read_on=date(2026, 11, 28), source=Source.SELF, **more)
        session.add(reading)
        session.flush()
        if corrects:
            old = session.get_one(Reading, corrects)
            old.superseded_by_id, old.superseded_at, old.changed_at = reading.id, utc_now(), utc_now()
        return reading.id


def send_back(exchange, rows, **changed):
    """The exported file as the vendor returns it."""
    columns = list(rows[0])
    lines = [";".join(columns)] + [";".join((row | changed)[name] for name in columns) for row in rows]
    exchange.put("readings", lines)
    return exchange.run()


def test_a_reading_of_the_portal_gets_an_id_and_becomes_exported(exchange):
    exchange.taken()
    own = submit(exchange, 126_500, flag="high", period=date(2026, 11, 1))
    row = exported(exchange)[-1]
    assert list(row) == list(COLUMNS)
    received = row.pop("received_at")
    assert datetime.strptime(received, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC) <= utc_now()
    assert row == {
        "external_id": f"P{own}", "meter": "M1", "register": "1", "value": "126,5", "date": "2026-11-28", "period": "2026-11",
        "source": "self", "corrects": "", "status": "exported", "status_reason": "", "flag": "high",
    }  # fmt: skip
    assert exchange.column("reading", "status", id=own) == ["exported"]


def test_an_export_again_gives_the_same_rows(exchange, monkeypatch):
    monkeypatch.setattr(exports, "_PAGE", exports._PAGE.limit(2))
    exchange.taken()
    submit(exchange, 126_500)
    first = exported(exchange)
    assert len(first) == 5
    assert exported(exchange) == first
    assert not exchange.run().changed_anything


def test_since_leaves_out_what_has_not_changed(exchange):
    exchange.taken()
    moment = utc_now()
    own = submit(exchange, 126_500)
    assert [row["external_id"] for row in exported(exchange, moment)] == [f"P{own}"]
    assert [row["external_id"] for row in exported(exchange, moment)] == [f"P{own}"]
    assert exported(exchange, utc_now() + timedelta(seconds=1)) == []


def test_a_moment_in_another_time_zone_is_the_same_moment(exchange):
    exchange.taken()
    assert len(exported(exchange, (utc_now() - timedelta(minutes=30)).astimezone(ZoneInfo("Europe/Riga")))) == 4
    assert exported(exchange, (utc_now() + timedelta(minutes=30)).astimezone(ZoneInfo("America/New_York"))) == []


def test_a_correction_names_what_it_corrects(exchange):
    exchange.taken()
    wrong = submit(exchange, 126_500)
    right = submit(exchange, 128_000, corrects=wrong)
    rows = {row["external_id"]: row["corrects"] for row in exported(exchange)}
    assert (rows[f"P{right}"], rows[f"P{wrong}"], rows["R3"]) == (f"P{wrong}", "", "R2")


@pytest.mark.parametrize(("status", "reason"), [("accepted", ""), ("rejected", "Skaitītājs noņemts")])
def test_the_exported_file_brings_its_status_back(exchange, status, reason):
    exchange.taken()
    own = submit(exchange, 126_500)
    before = exchange.column("reading", "changed_at", id=own)[0]
    rows = [row for row in exported(exchange) if row["external_id"] == f"P{own}"]
    report = send_back(exchange, rows, status=status, status_reason=reason, value="1", date="2020-01-01")
    assert (report.problems, report.tables["readings"].changed) == ([], 1)
    assert exchange.column("reading", "status", id=own) == [status]
    assert exchange.column("reading", "status_reason", id=own) == [reason or None]
    assert (exchange.column("reading", "value", id=own), exchange.column("reading", "read_on", id=own)) == (
        [126_500],
        [date(2026, 11, 28)],
    )
    assert exchange.column("reading", "changed_at", id=own)[0] > before
    assert not exchange.run().changed_anything


def test_a_file_of_ids_and_statuses_is_enough(exchange):
    exchange.taken()
    own = submit(exchange, 126_500)
    exported(exchange)
    exchange.put(
        "readings", f"external_id;status;status_reason\nP{own};rejected;Par vēlu\nP999;accepted;\nR1;rejected;"
    )
    report = exchange.run()
    assert places(report) == [("readings.csv", 3, "external_id"), ("readings.csv", 4, "meter")]
    assert report.tables["readings"].missing == 0
    assert exchange.column("reading", "status_reason", id=own) == ["Par vēlu"]


def test_received_and_exported_are_no_news_from_outside(exchange):
    exchange.taken()
    own = submit(exchange, 126_500)
    rows = [row for row in exported(exchange) if row["external_id"] == f"P{own}"]
    send_back(exchange, rows, status="accepted")
    report = send_back(exchange, rows, status="received")
    assert report.tables["readings"].unchanged == 1
    assert exchange.column("reading", "status", id=own) == ["accepted"]


def test_readings_of_the_portal_are_not_called_missing(exchange):
    exchange.taken()
    submit(exchange, 126_500)
    exported(exchange)
    assert exchange.run().tables["readings"].missing == 0


def test_no_cell_starts_a_formula_and_import_takes_the_apostrophe_away(exchange):
    exchange.taken()
    exchange.only("readings", "-R9;M1;;1;2026-01-01;;;;")
    reading = metadata().tables["reading"]
    with exchange.database.write() as session:
        session.execute(sa.update(reading).where(reading.c.external_id == "-R9").values(status_reason="=cmd()"))
    rows = [row for row in exported(exchange) if row["external_id"].endswith("R9")]
    assert (rows[0]["external_id"], rows[0]["status_reason"]) == ("'-R9", "'=cmd()")
    report = send_back(exchange, rows)
    assert (report.problems, report.tables["readings"].unchanged) == ([], 1)


def test_a_failing_output_loses_no_reading(exchange):
    class Full(io.StringIO):
        def write(self, text: str) -> int:
            if "P" in text:
                raise OSError("no space left")
            return super().write(text)

    exchange.taken()
    own = submit(exchange, 126_500)
    with pytest.raises(OSError, match="no space"):
        export_readings(exchange.database, None, Full())
    assert f"P{own}" in [row["external_id"] for row in exported(exchange)]


def test_an_answer_may_repeat_what_a_reading_corrects(exchange):
    exchange.taken()
    old = submit(exchange, 126_000)
    own = submit(exchange, 126_500, corrects=old)
    exported(exchange)
    exchange.put("readings", f"external_id;status;corrects\nP{own};accepted;P{old}")
    assert exchange.run().problems == []
    assert exchange.column("reading", "status", id=own) == ["accepted"]
