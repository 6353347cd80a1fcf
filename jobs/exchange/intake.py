"""One file on its way into its table: in chunks, each a few statements and a unit of work of its own.

So a killed import leaves whole chunks behind, and the next run finds them unchanged and completes it. A dry run
is one unit of work that is rolled back. No row is ever deleted.
"""

from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import sqlalchemy as sa

from jobs.exchange.batch import Batch, Table
from jobs.exchange.cells import Refused
from jobs.exchange.einvoices import FOLDER, OneFile
from jobs.exchange.given import Given, Rows
from jobs.exchange.report import SHOWN_MISSING, Counts, Problem, Progress, Report
from jobs.exchange.sheet import Sheet, open_table
from jobs.exchange.source import read_whole
from jobs.exchange.statements import Statement
from jobs.exchange.tables import TABLES
from jobs.exchange.work import Work
from jobs.exchange.xml import MAX_XML
from models.imports import XML
from models.types import new_public_id, utc_now

CHUNK = 2000  # rows

# The rows of the database that the file has had so far: there, because memory is not to grow with the file.
SEEN = sa.Table(
    "exchange_seen",
    sa.MetaData(),
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
    prefixes=["TEMPORARY"],
)


@dataclass
class FileImport:
    """One file on its way into its table."""

    work: Work
    table: Table
    name: str
    report: Report
    progress: Progress
    counts: Counts = field(default_factory=Counts)
    found: list[Problem] = field(default_factory=list)  # with the rows of the chunk that is being read
    newest: int = 0  # the highest id before this file; rows above it came with it

    def run(self) -> None:
        """Read the file to its end; report what is in the database and not in it."""
        self.counts = self.report.tables.setdefault(self.table.name, self.counts)  # of several files together
        try:
            if isinstance(self.work.source, Given):
                self._read(Rows(self.work.source.rows, self._refuse))
                return
            if self.name.startswith(FOLDER):
                self._read(OneFile([{"file": self.name.removeprefix(FOLDER)}], self._refuse))
                return
            if self.name.endswith(".xml"):
                data = read_whole(self.work.source, self.name, MAX_XML, f"a file of at most {MAX_XML // 10**6} MB")
                self._read(Statement(data, self._refuse))
                return
            with closing(open_table(self.work.source, self.name)) as binary:
                self._read(Sheet(binary, self._refuse))
        except Refused as refused:
            self.report.add_problems([Problem(self.name, 0, "", "", refused.expected)])

    def _refuse(self, row: int, column: str, value: str, expected: str) -> None:
        self.counts.read += 1
        self.found.append(Problem(self.name, row, column, value, expected))

    def _read(self, sheet: Sheet | Rows | Statement) -> None:
        self.report.formats[self.name] = sheet.format
        if wrong := [*self.table.wrong_headers(sheet.header)]:
            self.report.add_problems(Problem(self.name, 1, column, "", what) for column, what in wrong)
            return
        self.work.connection.execute(sa.delete(SEEN))
        self.newest = self.work.connection.execute(sa.select(sa.func.max(self.table.db.c.id))).scalar() or 0
        self._commit()
        self.progress(self.name, 0, 0.0)
        records = sheet.records()
        while chunk := list(islice(records, CHUNK)):
            self._take(Batch(self.table, self.name, sheet.header, chunk))
            self.progress(self.name, self.counts.read, min(sheet.part, 0.99))
        self._flush([])
        self.progress(self.name, self.counts.read, 1.0)
        # A file that only brings statuses of readings says nothing about which there are, nor does a statement.
        is_part = self.table.name in XML or (self.table.name == "readings" and "meter" not in sheet.header)
        if sheet.complete and not is_part:
            self._report_missing()

    def _flush(self, problems: list[Problem]) -> None:
        self.report.add_problems(sorted(self.found + problems, key=lambda problem: problem.row))
        self.found.clear()

    def _commit(self) -> None:
        """End the unit of work, so that nothing is locked while files are read."""
        if not self.report.dry_run:
            self.work.session.commit()

    def _take(self, batch: Batch) -> None:
        """One chunk, one unit of work."""
        if self.table.before:
            self.table.before(batch, self.work)
        self._resolve(batch)
        self._find_existing(batch)
        for names in self.table.unique:
            self._refuse_taken(batch, names)
        if self.table.check:
            self.table.check(batch, self.work)
        added, changed = _differing(batch)
        self._add(batch, added)
        self._change(batch, changed)
        touched = {*changed}
        if self.table.after:
            touched |= self.table.after(batch, self.work) - {*added}
        self._commit()
        self.counts.read += len(batch.rows)
        self.counts.added += len(added)
        self.counts.changed += len(touched)
        self.counts.unchanged += len(batch.good()) - len(added) - len(touched)
        self._flush(batch.problems)

    def _resolve(self, batch: Batch) -> None:
        """External ids of other files become their rows' ids."""
        for column in self.table.described:
            if not column.refers or column.name not in batch.values:
                continue
            other, named = TABLES[column.refers].db.c, batch.values[column.name]
            known = self.work.find(other.external_id, named, other.id)
            batch.fields[column.fills] = [known[name].id if name in known else None for name in named]
            if len(known) < len({*named} - {None}):
                for index, name in enumerate(named):
                    if name is not None and name not in known:
                        batch.refuse(index, column.name, f"an external_id of {column.refers}.csv")

    def _find_existing(self, batch: Batch) -> None:
        """The database's row for each of the batch; a second row for one of them is a problem."""
        key, keys = _keyed(batch, self.table.key)
        others = [self.table.db.c[name] for name in self.table.selected if name not in self.table.key]
        found = self.work.find(key, keys, *others)
        batch.existing = [found.get(one) for one in keys]
        old = [row.id for row in found.values() if row.id <= self.newest]
        again = {row.id for row in found.values()} - {*old} | {*self.work.find(SEEN.c.id, old)}
        above = set()
        column = next(one.name for one in self.table.described if one.fills == self.table.key[-1])
        for index, (one, row) in enumerate(zip(keys, batch.existing, strict=True)):
            if one in above or (row and row.id in again):
                batch.refuse(index, column, "each row once in a file")
            elif one is not None:
                above.add(one)
        if seen := [one for one in old if one not in again]:
            rows = self.work.listed([seen], [SEEN.c.id.type])
            self.work.connection.execute(sa.insert(SEEN).from_select(["id"], rows))

    def _refuse_taken(self, batch: Batch, names: tuple[str, ...]) -> None:
        """No two rows have the same values of `names`."""
        if not all(name in batch.fields for name in names):
            return
        columns, keys = _keyed(batch, names)
        found = self.work.find(columns, keys, self.table.db.c.external_id)
        owners = {key: row.external_id for key, row in found.items()}
        for index in batch.good():
            own, key = batch.values["external_id"][index], keys[index]
            if key is not None and owners.setdefault(key, own) != own:
                batch.refuse(index, names[-1], "a value that no other row has")

    def _add(self, batch: Batch, indexes: list[int]) -> None:
        db = self.table.db
        own = {column.fills: column.default for column in self.table.described if column.fills}
        now = {name: utc_now() for name in ("received_at", "changed_at", "created_at") if name in db.c}
        columns = {name: [value] * len(indexes) for name, value in (own | self.table.new | now).items()}
        columns |= {name: [values[index] for index in indexes] for name, values in batch.fields.items()}
        if "public_id" in db.c:
            columns["public_id"] = [new_public_id() for _ in indexes]
        self.work.insert(db, columns)

    def _change(self, batch: Batch, indexes: list[int]) -> None:
        now = {"changed_at": utc_now()} if "changed_at" in self.table.db.c else {}
        named = [(name, values) for name, values in batch.fields.items() if name not in self.table.key]
        ids = [getattr(row, "id", None) for row in batch.existing]
        rows = [{name: values[index] for name, values in named} | now | {"row_id": ids[index]} for index in indexes]
        self.work.update(self.table.db, rows)

    def _report_missing(self) -> None:
        """Count the rows of the database that the file did not have; those that came by other doors are not meant."""
        db, connection = self.table.db, self.work.connection
        key, place = self._shown_key()
        missing = sa.select(key).select_from(place).where(key.is_not(None), db.c.id <= self.newest)
        missing = missing.where(~sa.exists().where(SEEN.c.id == db.c.id))
        if self.table.name == "readings":
            missing = missing.where(key != sa.literal("P").concat(sa.cast(db.c.id, sa.String)))
        count = connection.execute(sa.select(sa.func.count()).select_from(missing.subquery())).scalar()
        self.counts.missing = count or 0
        self.counts.missing_ids = [*connection.execute(missing.order_by(key).limit(SHOWN_MISSING)).scalars()]
        self._commit()

    def _shown_key(self) -> tuple[Any, sa.FromClause]:
        """How a row is named in the report, and where to select that from."""
        db = self.table.db
        if self.table.key == ("external_id",):
            return db.c.external_id, db
        invoice = TABLES["invoices"].db
        key = invoice.c.external_id.concat("/").concat(sa.cast(db.c.position, sa.String))
        return key, db.join(invoice, invoice.c.id == db.c.invoice_id)


def _keyed(batch: Batch, names: tuple[str, ...]) -> tuple[Any, list[Any]]:
    """These database columns as `Work.find` takes them, and each row's values; None where one of them is empty."""
    columns = tuple(batch.table.db.c[name] for name in names)
    if len(names) == 1:
        return columns[0], batch.fields[names[0]]
    rows = zip(*(batch.fields[name] for name in names), strict=True)
    return columns, [key if None not in key else None for key in rows]


def _differing(batch: Batch) -> tuple[list[int], list[int]]:
    """The good rows that are new, and those that are not what the database has."""
    if not any(batch.existing):
        return batch.good(), []
    columns = batch.table.selected
    compared = [name for name in batch.fields if name in columns]
    places = [columns.index(name) for name in compared]
    new = list(zip(*(batch.fields[name] for name in compared), strict=True))
    added, changed = [], []
    for index in batch.good():
        row = batch.existing[index]
        if row is None:
            added.append(index)
        elif tuple([row[place] for place in places]) != new[index]:
            changed.append(index)
    return added, changed
