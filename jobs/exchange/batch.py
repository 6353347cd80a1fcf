"""How a file of the exchange is described, and a chunk of its rows on its way in, column by column."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from sqlmodel import SQLModel

from jobs.exchange import cells
from jobs.exchange.cells import Convert, Refused
from jobs.exchange.report import Problem, shown
from jobs.exchange.work import Work, db


@dataclass(frozen=True)
class Column:
    """A column of a file. `field` is the database column it fills: its own name, or "" when a rule uses it."""

    name: str
    convert: Convert | None = None  # None: text as long as the database column takes
    required: bool = False
    default: Any = None  # of an empty cell, and of a new row where the file has no such column
    field: str | None = None
    refers: str = ""  # the file whose external_id stands here
    secret: bool = False  # its cells are not repeated in the report

    @property
    def fills(self) -> str:
        return self.name if self.field is None else self.field


ID = Column("external_id", required=True)


def ref(name: str, refers: str, required: bool = False) -> Column:
    """The external_id of a row of another file."""
    return Column(name, field=f"{name}_id", refers=refers, required=required)


def day(name: str, field: str, required: bool = False) -> Column:
    """A day."""
    return Column(name, cells.day, required, field=field)


def must(name: str, convert: Convert | None = None, field: str | None = None) -> Column:
    """What has to be there."""
    return Column(name, convert, required=True, field=field)


@dataclass(frozen=True)
class Table:
    """A file of the exchange and where it goes. The rules see a whole batch; `after` returns the rows it changed."""

    name: str
    model: type[SQLModel]
    described: tuple[Column, ...]
    key: tuple[str, ...] = ("external_id",)
    unique: tuple[tuple[str, ...], ...] = ()
    derived: tuple[str, ...] = ()  # more database columns that rules fill
    new: dict[str, Any] = field(default_factory=dict)  # of a new row where nothing else says it
    ignored: tuple[str, ...] = ()  # columns that are taken and not read
    before: Callable[["Batch", Work], None] | None = None  # before the unit of work: files
    check: Callable[["Batch", Work], None] | None = None  # in it, before anything is written
    after: Callable[["Batch", Work], set[int]] | None = None

    @cached_property
    def db(self) -> sa.Table:
        return db(str(self.model.__tablename__))

    @cached_property
    def columns(self) -> dict[str, Column]:
        return {column.name: column for column in self.described}

    @cached_property
    def selected(self) -> list[str]:
        """The columns of `Batch.existing`: the key, the id and all that an import may fill."""
        filled = [column.fills for column in self.described if column.fills]
        return list(dict.fromkeys((*self.key, "id", *filled, *self.derived)))

    def converter(self, column: Column) -> Convert:
        """What makes a value of a cell that was cleaned."""
        kind: Any = self.db.c[column.fills].type if column.fills else None
        return column.convert or cells.text(64 if column.refers else kind.length)

    def wrong_headers(self, header: Sequence[str]) -> Iterator[tuple[str, str]]:
        """Column and what is expected, for each reason not to read a file with this header."""
        for name in dict.fromkeys(header):
            if name not in self.columns and name not in self.ignored:
                yield name, "one of " + ", ".join([*self.columns, *self.ignored])
            elif header.count(name) > 1:
                yield name, "each column once"
        for column in self.described:
            if column.required and column.name not in header:
                yield column.name, "this column"


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
        self._cells = dict(zip(header, zip(*(texts for _, texts in records), strict=True), strict=True))
        read = [column for column in table.described if column.name in self._cells]
        self.values = {column.name: self._convert(column, self._cells[column.name]) for column in read}
        self.fields = {column.fills: self.values[column.name] for column in read if column.fills}

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

    def stored(self, work: Work) -> dict[int, int]:
        """The ids of the good rows, once they are in the database."""
        own, db = self.values["external_id"], self.table.db.c
        ids = work.find(db.external_id, own, db.id)
        return {index: ids[own[index]].id for index in self.good()}

    def said(self, column: str) -> list[Any]:
        """What the file says in a column: nothing where it has no such column."""
        return self.values.get(column) or [None] * len(self.rows)

    def final(self, field: str) -> list[Any]:
        """What a database column will hold: from the file, or where that is silent as it is."""
        return self.fields.get(field) or [getattr(row, field, None) for row in self.existing]

    def each(self, *fields: str) -> Iterator[tuple[Any, ...]]:
        """Of the good rows the place and what these database columns will hold."""
        finals = [self.final(field) for field in fields]
        for index in self.good():
            yield index, *(final[index] for final in finals)

    def need_one_place(self) -> None:
        """A meter or document belongs to premises or to a house."""
        for index, premises, house in self.each("premises_id", "house_id"):
            if (premises is None) == (house is None):
                self.refuse(index, "premises", "either premises or house")

    def need_order(self, first: str, last: str, column: str, expected: str) -> None:
        """The field `first` is not after `last`, an empty one of which has no end."""
        for index, begin, end in self.each(first, last):
            if end and begin > end:
                self.refuse(index, column, expected)

    def _convert(self, column: Column, texts: Sequence[str]) -> list[Any]:
        """Each different cell once: dates, kinds and customers come again and again."""
        known: dict[str, Any] = {}
        wrong: dict[str, str] = {}
        different, convert = set(texts), self.table.converter(column)
        tidy = str if cells.is_clean("".join(different)) else cells.clean  # str: nothing to do
        for cell in different:
            try:
                plain = tidy(cell)
                if column.required and not plain:
                    raise Refused("a value")
                known[cell] = convert(plain) if plain else column.default
            except Refused as refused:
                known[cell], wrong[cell] = None, refused.expected
        if wrong:
            for index, cell in enumerate(texts):
                if cell in wrong:
                    self.refuse(index, column.name, wrong[cell])
        return [known[cell] for cell in texts]
