"""Writes a batch: compares it with what the database has, adds and changes rows in one statement each."""

from typing import Any

import sqlalchemy as sa

from jobs.exchange.batch import Batch, Table, Work
from models.types import new_public_id, utc_now


def selected(table: Table) -> list[str]:
    """The columns of `Batch.existing`: the key, the id and all that an import may fill."""
    return list(dict.fromkeys((*table.key, "id", *table.fields)))


def write(batch: Batch, work: Work) -> tuple[set[int], set[int]]:
    """Add the rows that are new and change those that differ. Gives their places in the batch: added, changed."""
    if not any(batch.existing):
        _add(batch, work, added := batch.good())
        return {*added}, set()
    compared = [name for name in batch.fields if name not in batch.table.uncompared]
    columns = selected(batch.table)
    places = [columns.index(name) for name in compared]
    new = list(zip(*(batch.fields[name] for name in compared), strict=True))
    added, changed = [], []
    for index in batch.good():
        row = batch.existing[index]
        if row is None:
            added.append(index)
        elif tuple([row[place] for place in places]) != new[index]:
            changed.append(index)
    _add(batch, work, added)
    _change(batch, work, changed)
    return {*added}, {*changed}


def _add(batch: Batch, work: Work, indexes: list[int]) -> None:
    if not indexes:
        return
    db = batch.table.db
    own = {column.field: column.default for column in batch.table.columns.values() if column.field}
    columns = {name: [value] * len(indexes) for name, value in (own | batch.table.new | _now(db)).items()}
    columns |= {name: [values[index] for index in indexes] for name, values in batch.fields.items()}
    if "public_id" in db.c:
        columns["public_id"] = [new_public_id() for _ in indexes]
    work.insert_columns(db, columns)


def _change(batch: Batch, work: Work, indexes: list[int]) -> None:
    now = {name: moment for name, moment in _now(batch.table.db).items() if name == "changed_at"}
    named = [(name, values) for name, values in batch.fields.items() if name not in batch.table.key]
    rows = [
        {name: values[index] for name, values in named} | now | {"row_id": getattr(batch.existing[index], "id", None)}
        for index in indexes
    ]
    work.update(batch.table.db.name, rows)


def _now(db: sa.Table) -> dict[str, Any]:
    """The moments that a new row has."""
    return {name: utc_now() for name in ("received_at", "changed_at", "created_at") if name in db.c}
