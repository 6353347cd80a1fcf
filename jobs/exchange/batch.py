"""A chunk of rows on its way in, column by column, and what the importer works with."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import Session, SQLModel

from jobs.exchange.cells import Convert, Refused, clean, is_clean, text
from jobs.exchange.lists import among, listed
from jobs.exchange.report import Problem, shown
from jobs.exchange.source import Source
from models.files import Storage
from models.identifiers import Identifiers
from models.site import Site


def db(name: str) -> sa.Table:
    """A table of the database by its name there."""
    return SQLModel.metadata.tables[name]


@dataclass(frozen=True)
class Column:
    """A column of a file. `field` is the database column it fills: its own name, or "" when a hook fills it."""

    name: str
    convert: Convert | None = None  # None: text as long as the database column takes
    required: bool = False
    default: Any = None  # of an empty cell, and of a new row where the file has no such column
    field: str | None = None
    refers: str = ""  # the file whose external_id stands here
    secret: bool = False  # its cells are not repeated in the report

    def read(self, plain: str) -> Any:
        """The value of a cell that was cleaned. Raises `Refused`."""
        if plain and self.convert:
            return self.convert(plain)
        if self.required:
            raise Refused("a value")
        return self.default


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

    def find(self, key: Any, wanted: Iterable[Any], *columns: Any) -> dict[Any, sa.Row[Any]]:
        """Rows of `columns` by `key`, in one statement; None is not looked for.

        `key` is the first of `columns`, or a tuple of the first ones.
        """
        values = [value for value in set(wanted) if value is not None]
        if not values:
            return {}
        rows = self.connection.execute(sa.select(*columns).where(among(self.connection, key, values)))
        width = len(values[0]) if isinstance(values[0], tuple) else 0
        return {tuple(row[:width]) if width else row[0]: row for row in rows}

    def remember(self, seen: sa.Table, ids: list[int]) -> None:
        """Add ids to the table of what was seen."""
        if ids:
            rows = listed(self.connection, [ids], [sa.BigInteger()])
            self.connection.execute(sa.insert(seen).from_select(["id"], rows))

    def insert(self, name: str, rows: list[dict[str, Any]]) -> None:
        """Add rows to a table, in one statement."""
        if rows:
            self.connection.execute(sa.insert(db(name)), rows)

    def insert_columns(self, table: sa.Table, columns: dict[str, list[Any]]) -> None:
        """Add rows that are given column by column, at least one, as the driver does it fastest.

        What the toolkit does for each row would cost twice what the database does.
        """
        connection, names = self.connection, ", ".join(columns)
        ready = [_for_driver(table.c[name].type, values, connection.dialect) for name, values in columns.items()]
        rows = zip(*ready, strict=True)
        if connection.dialect.name == "sqlite":
            marks = ", ".join("?" * len(columns))
            connection.exec_driver_sql(f"INSERT INTO {table.name} ({names}) VALUES ({marks})", list(rows))  # noqa: S608  # our own names
            return
        cursor = cast(Any, connection.connection.cursor())
        with cursor, cursor.copy(f"COPY {table.name} ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)

    def update(self, name: str, rows: list[dict[str, Any]]) -> None:
        """Change rows of a table, in one statement: `row_id` and the same columns in each."""
        if rows:
            self.connection.execute(sa.update(db(name)).where(db(name).c.id == sa.bindparam("row_id")), rows)


@dataclass(frozen=True)
class Table:
    """A file of the exchange and where it goes. The hooks see a whole batch; `after` returns rows it changed."""

    name: str
    db: sa.Table
    columns: dict[str, Column]
    key: tuple[str, ...] = ("external_id",)
    unique: tuple[tuple[str, ...], ...] = ()
    derived: tuple[str, ...] = ()  # database columns that hooks fill
    uncompared: tuple[str, ...] = ()  # of those, the ones that differ each time
    new: dict[str, Any] = field(default_factory=dict)  # of a new row where nothing else says it
    ignored: tuple[str, ...] = ()  # columns that are taken and not read
    before: Callable[["Batch", Work], None] | None = None  # before the unit of work: files, sums
    check: Callable[["Batch", Work], None] | None = None  # in it, before anything is written
    after: Callable[["Batch", Work], set[int]] | None = None

    @property
    def fields(self) -> list[str]:
        """Every database column that an import may fill."""
        return [column.field for column in self.columns.values() if column.field] + list(self.derived)

    def wrong_headers(self, header: Sequence[str]) -> Iterator[tuple[str, str]]:
        """Column and what is expected, for each reason not to read a file with this header."""
        for name in dict.fromkeys(header):
            if name not in self.columns and name not in self.ignored:
                yield name, "one of " + ", ".join([*self.columns, *self.ignored])
            elif header.count(name) > 1:
                yield name, "each column once"
        for column in self.columns.values():
            if column.required and column.name not in header:
                yield column.name, "this column"


def _for_driver(kind: sa.types.TypeEngine[Any], values: list[Any], dialect: sa.Dialect) -> list[Any]:
    """Values as the driver takes them, each different one converted once."""
    process = kind.dialect_impl(dialect).bind_processor(dialect)
    if process is None:
        return values
    known = {value: process(value) for value in set(values)}
    return [known[value] for value in values]


def table(name: str, model: type[SQLModel], *columns: Column, **options: Any) -> Table:
    """A `Table` for the rows of `model`, the columns completed with what the database says."""
    place_of = db(str(model.__tablename__)).c
    complete = {}
    for column in columns:
        place = column.name if column.field is None else column.field
        convert = column.convert
        if convert is None:
            convert = text(64 if column.refers else cast(sa.String, place_of[place].type).length or 0)
        values = {**vars(column), "field": place, "convert": convert}
        complete[column.name] = Column(**values)
    return Table(name, db(str(model.__tablename__)), complete, **options)


class Batch:
    """Rows of one file. `values` by column of the file, `fields` by column of the database (often the same list)."""

    def __init__(
        self, table: Table, file: str, header: Sequence[str], records: Sequence[tuple[int, list[str]]]
    ) -> None:
        """Convert the cells of `records` (row number, cells); what cannot be converted is refused."""
        self.table, self.file = table, file
        self.rows = [row for row, _ in records]
        self.ok = [True] * len(records)
        self.existing: list[sa.Row[Any] | None] = [None] * len(records)
        self.problems: list[Problem] = []
        self.values: dict[str, list[Any]] = {}
        self.fields: dict[str, list[Any]] = {}
        self._cells = dict(zip(header, zip(*(cells for _, cells in records), strict=True), strict=True))
        for name, cells in self._cells.items():
            if name in table.columns:
                self.values[name] = self._convert(table.columns[name], cells)
                if place := table.columns[name].field:
                    self.fields[place] = self.values[name]

    def refuse(self, index: int, column: str, expected: str) -> None:
        """Report a cell and leave its row out."""
        self.ok[index] = False
        self.remark(index, column, expected)

    def remark(self, index: int, column: str, expected: str) -> None:
        """Report a cell."""
        value = self._cells[column][index] if column in self._cells else ""
        if value and column in self.table.columns and self.table.columns[column].secret:
            value = "(not shown)"
        self.problems.append(Problem(self.file, self.rows[index], column, shown(value), expected))

    def good(self) -> list[int]:
        """The rows that nothing was found against so far."""
        return [index for index, fine in enumerate(self.ok) if fine]

    def final(self, index: int, name: str) -> Any:
        """What the database column will hold: from the file, or where that is silent as it is."""
        if name in self.fields:
            return self.fields[name][index]
        return getattr(self.existing[index], name, None)

    def earlier(self, work: Work, column: str, expected: str, *more: Any) -> dict[Any, sa.Row[Any]]:
        """The rows of this same table that `column` names, as far as the database has them.

        Refuses a name that is neither there nor stands above in this batch without a problem.
        """
        own, named = self.values["external_id"], self.values.get(column, [None] * len(self.rows))
        key = self.table.db.c.external_id
        known = work.find(key, named, key, *more)
        above: set[str] = set()
        for index in self.good():
            if named[index] and (named[index] not in known and named[index] not in above):
                self.refuse(index, column, expected)
            else:
                above.add(own[index])
        return known

    def _convert(self, column: Column, cells: Sequence[str]) -> list[Any]:
        """Each different cell once: dates, kinds and customers come again and again."""
        known: dict[str, Any] = {}
        wrong: dict[str, str] = {}
        different = set(cells)
        tidy = str if is_clean("".join(different)) else clean  # str: nothing to do
        for cell in different:
            try:
                known[cell] = column.read(tidy(cell))
            except Refused as refused:
                known[cell], wrong[cell] = None, refused.expected
        if wrong:
            for index, cell in enumerate(cells):
                if cell in wrong:
                    self.ok[index] = False
                    self.remark(index, column.name, wrong[cell])
        return [known[cell] for cell in cells]
