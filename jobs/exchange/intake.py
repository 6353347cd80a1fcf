"""One file on its way into its table: in chunks, each a few statements and a unit of work of its own.

So a killed import leaves whole chunks behind, and the next run finds them unchanged and completes it. A dry run
is one unit of work that is rolled back. No row is ever deleted.
"""

from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import sqlalchemy as sa

from jobs.exchange.batch import Batch, Table, Work
from jobs.exchange.cells import Refused
from jobs.exchange.report import SHOWN_MISSING, Counts, Problem, Progress, Report
from jobs.exchange.sheet import TableFile
from jobs.exchange.tables import TABLES
from jobs.exchange.write import selected, write

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
        self.report.tables[self.table.name] = self.counts
        try:
            sheet = TableFile(self.work.source, self.name, self._refuse)
        except Refused as refused:
            self.report.add_problems([Problem(self.name, 0, "", "", refused.expected)])
            return
        try:
            if wrong := [*self.table.wrong_headers(sheet.header)]:
                self.report.add_problems(Problem(self.name, 1, column, "", what) for column, what in wrong)
                return
            self._read(sheet)
            # A file that only brings statuses of readings says nothing about which readings there are.
            if sheet.complete and not (self.table.name == "readings" and "meter" not in sheet.header):
                self._report_missing()
        finally:
            sheet.close()

    def _refuse(self, row: int, column: str, value: str, expected: str) -> None:
        self.counts.read += 1
        self.found.append(Problem(self.name, row, column, value, expected))

    def _read(self, sheet: TableFile) -> None:
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
        added, changed = write(batch, self.work)
        if self.table.after:
            changed |= self.table.after(batch, self.work) - added
        self._commit()
        self.counts.read += len(batch.rows)
        self.counts.added += len(added)
        self.counts.changed += len(changed)
        self.counts.unchanged += len(batch.good()) - len(added) - len(changed)
        self._flush(batch.problems)

    def _resolve(self, batch: Batch) -> None:
        """External ids of other files become their rows' ids."""
        for column in self.table.columns.values():
            if not column.refers or column.name not in batch.values:
                continue
            other = TABLES[column.refers].db.c
            named = batch.values[column.name]
            known = {
                key: row.id
                for key, row in self.work.find(other.external_id, named, other.external_id, other.id).items()
            }
            batch.fields[column.field or ""] = [known.get(name) for name in named]
            if len(known) < len({*named} - {None}):
                for index, name in enumerate(named):
                    if name is not None and name not in known:
                        batch.refuse(index, column.name, f"an external_id of {column.refers}.csv")

    def _find_existing(self, batch: Batch) -> None:
        """The database's row for each of the batch; a second row for one of them is a problem."""
        parts = [batch.fields[name] for name in self.table.key]
        columns = [self.table.db.c[name] for name in selected(self.table)]
        keys, key = parts[0], columns[0]  # type: list[Any], Any
        if len(parts) > 1:
            keys = [one if None not in one else None for one in zip(*parts, strict=True)]
            key = tuple(columns[: len(parts)])
        found = self.work.find(key, keys, *columns)
        batch.existing = [found.get(one) for one in keys]
        old = [row.id for row in found.values() if row.id <= self.newest]
        again = {row.id for row in found.values()} - {*old} | {*self.work.find(SEEN.c.id, old, SEEN.c.id)}
        above = set()
        for index, (one, row) in enumerate(zip(keys, batch.existing, strict=True)):
            if one in above or (row and row.id in again):
                batch.refuse(index, self._key_column, "each row once in a file")
            elif one is not None:
                above.add(one)
        self.work.remember(SEEN, [one for one in old if one not in again])

    @property
    def _key_column(self) -> str:
        return next(name for name, column in self.table.columns.items() if column.field == self.table.key[-1])

    def _refuse_taken(self, batch: Batch, names: tuple[str, ...]) -> None:
        """No two rows have the same values of `names`."""
        if not all(name in batch.fields for name in names):
            return
        db = self.table.db.c
        keys = [key if None not in key else None for key in zip(*(batch.fields[name] for name in names), strict=True)]
        columns = [db[name] for name in names]
        found = self.work.find(tuple(columns), keys, *columns, db.external_id)
        owners = {key: row.external_id for key, row in found.items()}
        for index in batch.good():
            own, key = batch.values["external_id"][index], keys[index]
            if key is not None and owners.setdefault(key, own) != own:
                batch.refuse(index, names[-1], "a value that no other row has")

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
