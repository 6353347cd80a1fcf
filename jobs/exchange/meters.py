"""The files of meters and readings: their columns, and the rules that look at more than one cell."""

import re
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from jobs.exchange import cells
from jobs.exchange.batch import ID, Batch, Column, Table, day, must, ref
from jobs.exchange.work import Work, db
from models.meters import Meter
from models.readings import Reading
from models.types import ExternalStatus, MeterKind, Source, ValidKind, utc_now

MAX_REGISTERS = 4
# Ids that export gives to the portal's readings: P and the row's id. Nobody else may use them.
PORTAL_ID = re.compile("P[0-9]+")
_NEWS = (ExternalStatus.ACCEPTED, ExternalStatus.REJECTED)  # received and exported are the portal's own words


def _earlier(batch: Batch, work: Work, column: str, expected: str, *more: Any) -> dict[Any, sa.Row[Any]]:
    """The rows of this same table that `column` names, as far as the database has them.

    Refuses a name that is neither there nor stands above in this batch without a problem.
    """
    own, named = batch.values["external_id"], batch.said(column)
    known = work.find(batch.table.db.c.external_id, named, *more)
    above: set[str] = set()
    for index in batch.good():
        if named[index] and named[index] not in known and named[index] not in above:
            batch.refuse(index, column, expected)
        else:
            above.add(own[index])
    return known


def _link(batch: Batch, work: Work, field: str, pairs: dict[int, tuple[str, str | None]], **more: Any) -> set[int]:
    """Of each pair the first row points to the second by `field`. The places where that was not so."""
    table, every = batch.table.db, {name for pair in pairs.values() for name in pair}
    rows = work.find(table.c.external_id, every, table.c.id, table.c[field])
    changed = {}
    for index, (holder, other) in pairs.items():
        wanted = rows[other].id if other else None
        if getattr(rows[holder], field) != wanted:
            changed[index] = {"row_id": rows[holder].id, field: wanted} | more
    work.update(table, changed.values())
    return {*changed}


def _registers(work: Work, meter_ids: list[int]) -> dict[int, list[sa.Row[Any]]]:
    register = db("register")
    found: dict[int, list[sa.Row[Any]]] = {}
    mine = work.among(register.c.meter_id, meter_ids)
    for row in work.connection.execute(sa.select(register).where(mine).order_by(register.c.ordinal)):
        found.setdefault(row.meter_id, []).append(row)
    return found


def _check_meters(batch: Batch, work: Work) -> None:
    """One place; no register disappears (it has readings); the replaced meter is known or stands above."""
    batch.need_one_place()
    standing = _registers(work, [row.id for row in batch.existing if row])
    names = batch.values.get("registers")
    for index in batch.good():
        row = batch.existing[index]
        if names and row and len(names[index] or [""]) < len(standing.get(row.id, ())):
            batch.refuse(index, "registers", f"at least {len(standing[row.id])} names: a register is never deleted")
    _earlier(batch, work, "replaces", "a meter of the database or above in this file")


def _write_registers(batch: Batch, work: Work) -> set[int]:
    """Write registers and which meter replaces which."""
    own, at = batch.values["external_id"], batch.stored(work)
    standing = _registers(work, [*at.values()])
    new, other, changed = [], [], set()
    for index, number in at.items():
        stands = standing.get(number, [])
        for place, (name, digits, decimals) in enumerate(_dials(batch, index, stands)):
            if place >= len(stands):
                new.append((number, place + 1, name, digits, decimals))
            elif (name, digits, decimals) != (stands[place].name, stands[place].digits, stands[place].decimals):
                other.append({"row_id": stands[place].id, "name": name, "digits": digits, "decimals": decimals})
            else:
                continue
            changed.add(index)
    columns = ("meter_id", "ordinal", "name", "digits", "decimals")
    work.insert(db("register"), dict(zip(columns, map(list, zip(*new, strict=True)), strict=False)))
    work.update(db("register"), other)
    if replaces := batch.values.get("replaces"):
        changed |= _link(batch, work, "replaces_id", {index: (own[index], replaces[index]) for index in batch.good()})
    return changed


def _dials(batch: Batch, index: int, standing: list[sa.Row[Any]]) -> Iterator[tuple[Any, Any, Any]]:
    """Name, digits and decimals of each register: as the file says, and where it is silent as they are."""
    names, digits, decimals = (batch.values.get(column) for column in ("registers", "digits", "decimals"))
    wanted = (names[index] if names else [row.name for row in standing]) or [""]
    for place, name in enumerate(wanted):
        old = standing[place] if place < len(standing) else None
        yield (
            name,
            digits[index] if digits else getattr(old, "digits", None),
            decimals[index] if decimals else getattr(old, "decimals", None),
        )


METERS = Table(
    "meters", Meter, (
        ID, ref("premises", "premises"), ref("house", "houses"),
        must("kind", cells.one_of(MeterKind)), Column("place", default=""), must("number", field="serial"),
        Column("remote", cells.yes_no, default=False, field="is_remote"),
        day("installed", "installed_on"), day("removed", "removed_on"), day("valid_until", "valid_until"),
        Column("valid_kind", cells.one_of(ValidKind), default=ValidKind.NONE),
        Column("replaces", cells.text(64), field=""),
        Column("registers", cells.names(MAX_REGISTERS, 32), field=""),
        Column("digits", cells.number(0, 1, 9, "5"), field=""),
        Column("decimals", cells.number(0, 0, 3, "3"), field=""),
    ), check=_check_meters, after=_write_registers,
)  # fmt: skip


def _check_readings(batch: Batch, work: Work) -> None:
    """Find registers; leave of the portal's readings all but the status alone; check what corrects what."""
    _find_registers(batch, work)
    own = _keep_portal_readings(batch)
    for column in ("meter", "value", "date"):
        values = batch.said(column)
        if None in values:
            for index in batch.good():
                if values[index] is None and index not in own:
                    batch.refuse(index, column, "a value")
    _take_status(batch)
    if any(batch.said("corrects")):
        for index in own:
            batch.values["corrects"][index] = None  # the portal knows itself
        _check_corrections(batch, work)


def _find_registers(batch: Batch, work: Work) -> None:
    if "meter" not in batch.values:
        return
    meter, register = db("meter").c, db("register").c
    meters = batch.values["meter"]
    statement = (
        sa.select(meter.external_id, register.ordinal, register.id)
        .where(register.meter_id == meter.id)
        .where(work.among(meter.external_id, {name for name in meters if name}))
    )
    found = {(name, ordinal): register_id for name, ordinal, register_id in work.connection.execute(statement)}
    ordinals = batch.values.get("register", [1] * len(batch.rows))
    ids = batch.fields["register_id"] = [found.get(pair) for pair in zip(meters, ordinals, strict=True)]
    if None in ids:
        for index in batch.good():
            if ids[index] is None and (meters[index], 1) in found:
                batch.refuse(index, "register", "a register of this meter")
            elif ids[index] is None and meters[index]:
                batch.refuse(index, "meter", "a meter of meters.csv")


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
    """A new reading is accepted unless the file says else; an old one learns news only."""
    statuses, reasons = batch.fields.get("status", []), batch.fields.get("status_reason")
    for index in batch.good() if statuses else ():
        row = batch.existing[index]
        if row is None:
            statuses[index] = statuses[index] or ExternalStatus.ACCEPTED
        elif statuses[index] not in _NEWS:
            statuses[index] = row.status
            if reasons:
                reasons[index] = row.status_reason


def _check_corrections(batch: Batch, work: Work) -> None:
    """A correction is of the same register, and the only one of what it corrects."""
    reading = batch.table.db.c
    expected = "a reading of the database or above in this file"
    known = _earlier(batch, work, "corrects", expected, reading.register_id, reading.superseded_by_id)
    registers: dict[str, Any] = {name: row.register_id for name, row in known.items()}
    taken = {name: row.superseded_by_id for name, row in known.items() if row.superseded_by_id}
    for index, register in batch.each("register_id"):
        name, old = batch.values["external_id"][index], batch.values["corrects"][index]
        registers[name] = register
        row = batch.existing[index]
        corrector = row.id if row else name
        if old and (registers[old] != register or old == name):
            batch.refuse(index, "corrects", "another reading of the same register")
        elif old and taken.setdefault(old, corrector) != corrector:
            batch.refuse(index, "corrects", "a reading that nothing else corrects")


def _supersede(batch: Batch, work: Work) -> set[int]:
    """Mark what was corrected as superseded."""
    own, named, now = batch.values["external_id"], batch.said("corrects"), utc_now()
    pairs = {index: (named[index], own[index]) for index in batch.good() if named[index]}
    return _link(batch, work, "superseded_by_id", pairs, superseded_at=now, changed_at=now)


READINGS = Table(
    "readings", Reading, (
        # meter, value and date have to be there but in answers about the portal's readings: see _check_readings.
        ID, Column("meter", cells.text(64), field="register_id"),
        Column("register", cells.number(0, 1, MAX_REGISTERS, "1"), default=1, field=""),
        Column("value", cells.reading), day("date", "read_on"), Column("period", cells.month),
        Column("source", cells.one_of(Source), default=Source.IMPORT),
        Column("rolled_over", cells.yes_no, default=False), Column("corrects", cells.text(64), field=""),
        Column("status", cells.one_of(ExternalStatus)), Column("status_reason"),
    ), new={"status": ExternalStatus.ACCEPTED}, ignored=("received_at", "flag"),
    check=_check_readings, after=_supersede,
)  # fmt: skip
