"""What readings need: their register, the portal's own readings of which only the status is taken, corrections."""

import re
from typing import Any

import sqlalchemy as sa

from jobs.exchange.batch import Batch, Work, db
from jobs.exchange.lists import among
from models.types import ExternalStatus, utc_now

# Ids that export gives to the portal's readings: P and the row's id. Nobody else may use them.
PORTAL_ID = re.compile("P[0-9]+")
_NEWS = (ExternalStatus.ACCEPTED, ExternalStatus.REJECTED)  # received and exported are the portal's own words


def readings_check(batch: Batch, work: Work) -> None:
    """Find registers; leave of the portal's readings all but the status alone; check what corrects what."""
    _find_registers(batch, work)
    own = _keep_portal_readings(batch)
    for column in ("meter", "value", "date"):
        values = batch.values.get(column, [None] * len(batch.rows))
        if None in values:
            for index in batch.good():
                if values[index] is None and index not in own:
                    batch.refuse(index, column, "a value")
    _take_status(batch)
    if any(batch.values.get("corrects", ())):
        _check_corrections(batch, work, own)


def readings_after(batch: Batch, work: Work) -> set[int]:
    """Mark what was corrected as superseded."""
    reading = db("reading").c
    named = batch.values.get("corrects", [None] * len(batch.rows))
    pairs = {index: (named[index], batch.values["external_id"][index]) for index in batch.good() if named[index]}
    every = {one for pair in pairs.values() for one in pair}
    rows = work.find(reading.external_id, every, reading.external_id, reading.id, reading.superseded_by_id)
    changed = {}
    for index, (old, new) in pairs.items():
        if rows[old].superseded_by_id != rows[new].id:
            changed[index] = {"row_id": rows[old].id, "superseded_by_id": rows[new].id}
    now = utc_now()
    work.update("reading", [row | {"superseded_at": now, "changed_at": now} for row in changed.values()])
    return {*changed}


def _find_registers(batch: Batch, work: Work) -> None:
    if "meter" not in batch.values:
        return
    meter, register = db("meter"), db("register")
    meters = batch.values["meter"]
    statement = (
        sa.select(meter.c.external_id, register.c.ordinal, register.c.id)
        .join_from(meter, register, register.c.meter_id == meter.c.id)
        .where(among(work.connection, meter.c.external_id, {name for name in meters if name}))
    )
    found = {(name, ordinal): register_id for name, ordinal, register_id in work.connection.execute(statement)}
    ordinals = batch.values.get("register", [1] * len(batch.rows))
    ids = batch.fields["register_id"] = [found.get(pair) for pair in zip(meters, ordinals, strict=True)]
    if None in ids:
        for index in batch.good():
            if ids[index] is None and meters[index]:
                known = (meters[index], 1) in found
                column, expected = (
                    ("register", "a register of this meter") if known else ("meter", "a meter of meters.csv")
                )
                batch.refuse(index, column, expected)


def _keep_portal_readings(batch: Batch) -> set[int]:
    """Which rows are readings of the portal: all of them but the status is made what it is."""
    own = set()
    for index, name in enumerate(batch.values["external_id"]):
        if not batch.ok[index] or name[0] != "P" or not PORTAL_ID.fullmatch(name):
            continue
        row = batch.existing[index]
        if row is None or name != f"P{row.id}":
            batch.refuse(index, "external_id", "another id, or one that export gave to a reading of the portal")
            continue
        own.add(index)
        for field, values in batch.fields.items():
            if field not in ("status", "status_reason"):
                values[index] = getattr(row, field)
    return own


def _take_status(batch: Batch) -> None:
    if "status" not in batch.fields:
        return
    statuses = batch.fields["status"]
    for index in batch.good():
        row = batch.existing[index]
        if row is None:
            statuses[index] = statuses[index] or ExternalStatus.ACCEPTED
        elif statuses[index] not in _NEWS:
            statuses[index] = row.status
            if "status_reason" in batch.fields:
                batch.fields["status_reason"][index] = row.status_reason


def _check_corrections(batch: Batch, work: Work, own: set[int]) -> None:
    """A correction is of the same register, and the only one of what it corrects."""
    for index in own:
        batch.values["corrects"][index] = None  # the portal knows itself
    reading = db("reading").c
    known = batch.earlier(
        work,
        "corrects",
        "a reading of the database or above in this file",
        reading.id,
        reading.register_id,
        reading.superseded_by_id,
    )
    registers: dict[str, Any] = {name: row.register_id for name, row in known.items()}
    taken = {name: row.superseded_by_id for name, row in known.items() if row.superseded_by_id}
    for index in batch.good():
        name, old = batch.values["external_id"][index], batch.values["corrects"][index]
        registers[name] = batch.fields["register_id"][index]
        if not old:
            continue
        row = batch.existing[index]
        if registers[old] != registers[name] or old == name:
            batch.refuse(index, "corrects", "another reading of the same register")
        elif taken.setdefault(old, row.id if row else name) != (row.id if row else name):
            batch.refuse(index, "corrects", "a reading that nothing else corrects")
