"""What an import works with, and its statements: few, each for a whole chunk of rows."""

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import Session, SQLModel

from jobs.exchange.source import Source
from models.files import Storage
from models.identifiers import Identifiers
from models.site import Site
from models.types import new_public_id


def db(name: str) -> sa.Table:
    """A table of the database by its name there."""
    return SQLModel.metadata.tables[name]


@dataclass(frozen=True)
class Work:
    """What an import works with."""

    session: Session
    source: Source
    storage: Storage
    site: Site
    identifiers: Identifiers

    @property
    def connection(self) -> Connection:
        """The connection of the unit of work, which begins with its first statement."""
        return self.session.connection()

    @property
    def is_sqlite(self) -> bool:
        return self.connection.dialect.name == "sqlite"

    def listed(self, columns: Sequence[list[Any]], kinds: Sequence[Any]) -> sa.Select[Any]:
        """Columns of values of these types as the rows of a subquery, from one parameter a column.

        Thousands of parameters cost more than the search.
        """
        places = range(len(columns))
        if self.is_sqlite:
            rows = [*zip(*columns, strict=True)] if len(columns) > 1 else columns[0]
            value = sa.func.json_each(json.dumps(rows)).table_valued("value").c.value
            if len(columns) == 1:
                return sa.select(value)
            return sa.select(*(sa.func.json_extract(value, f"$[{place}]") for place in places))
        arrays = [sa.literal(column, sa.ARRAY(kind)) for column, kind in zip(columns, kinds, strict=True)]
        return sa.select(sa.func.unnest(*arrays).table_valued(*(f"c{place}" for place in places)).render_derived())

    def among(self, key: Any, values: Collection[Any]) -> sa.ColumnElement[bool]:
        """Whether `key`, a column or a tuple of columns, is one of `values`."""
        if isinstance(key, tuple):
            columns = [[*column] for column in zip(*values, strict=True)]
            return sa.tuple_(*key).in_(self.listed(columns, [column.type for column in key]))
        return cast(sa.ColumnElement[bool], key.in_(self.listed([[*values]], [key.type])))

    def find(self, key: Any, wanted: Iterable[Any], *columns: Any) -> dict[Any, sa.Row[Any]]:
        """Rows of `key` and `columns` by `key`, a column or a tuple of columns; None is not looked for."""
        values = [value for value in set(wanted) if value is not None]
        if not values:
            return {}
        keys = key if isinstance(key, tuple) else (key,)
        rows: Iterable[Any] = self.connection.execute(sa.select(*keys, *columns).where(self.among(key, values)))
        return {tuple(row[: len(keys)]) if isinstance(key, tuple) else row[0]: row for row in rows}

    def named(self, table: str, cells: Iterable[Collection[str] | None]) -> dict[str, int]:
        """The ids of the rows of a table that these cells name, each of them any number of external ids."""
        other = db(table).c
        found = self.find(other.external_id, {name for names in cells for name in names or ()}, other.id)
        return {name: row.id for name, row in found.items()}

    def insert(self, table: sa.Table, columns: dict[str, list[Any]]) -> None:
        """Add rows that are given column by column, as the driver does it fastest.

        What the toolkit does for each row would cost twice what the database does.
        """
        if not any(columns.values()):
            return
        connection, names = self.connection, ", ".join(columns)
        ready = [_for_driver(table.c[name].type, values, connection.dialect) for name, values in columns.items()]
        rows = zip(*ready, strict=True)
        if self.is_sqlite:
            marks = ", ".join("?" * len(columns))
            connection.exec_driver_sql(f"INSERT INTO {table.name} ({names}) VALUES ({marks})", list(rows))  # noqa: S608  # our own names
            return
        cursor = cast(Any, connection.connection.cursor())
        with cursor, cursor.copy(f"COPY {table.name} ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)

    def update(self, table: sa.Table, rows: Collection[dict[str, Any]]) -> None:
        """Change rows of a table, in one statement: `row_id` and the same columns in each."""
        if rows:
            self.connection.execute(sa.update(table).where(table.c.id == sa.bindparam("row_id")), [*rows])

    def replace(self, table: sa.Table, key: str, owners: Collection[int], wanted: list[dict[str, Any]]) -> set[int]:
        """Let the rows that belong to `owners`, by the column `key`, be `wanted`; whose rows were others."""
        names = [column.name for column in table.c if column.name not in ("id", "public_id")]
        standing = sa.select(*(table.c[name] for name in names)).where(self.among(table.c[key], owners))
        rows = {tuple(row) for row in self.connection.execute(standing)} if owners else set()
        at = names.index(key)
        differ = {row[at] for row in rows ^ {tuple(one[name] for name in names) for one in wanted}}
        if old := differ & {row[at] for row in rows}:
            self.connection.execute(sa.delete(table).where(self.among(table.c[key], old)))
        new = [one for one in wanted if one[key] in differ]
        columns = {name: [one[name] for one in new] for name in names}
        if "public_id" in table.c:
            columns["public_id"] = [new_public_id() for _ in new]
        self.insert(table, columns)
        return differ


def _for_driver(kind: sa.types.TypeEngine[Any], values: list[Any], dialect: sa.Dialect) -> list[Any]:
    """Values as the driver takes them, each different one converted once."""
    process = kind.dialect_impl(dialect).bind_processor(dialect)
    if process is None:
        return values
    known = {value: process(value) for value in set(values)}
    return [known[value] for value in values]
