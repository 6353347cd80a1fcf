"""The purge: what privacy.toml keeps for a time goes when that is over (GDPR art. 5(1)(e), 17).

It may end after any batch and begin again; several at once share the rows between them.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa

from models.clock import Clock
from models.database import Database, clause, metadata
from models.files import Storage
from models.privacy import PERIODS
from models.site import Site
from models.sweep import AGE, NAMING, remove
from models.types import utc_now

BATCH = 500  # rows of a unit of work, so that nobody waits for it


def over(site: Site, clock: Clock) -> Iterator[tuple[str, date, dict[str, str], sa.Table, sa.TextClause]]:
    """Of each rule now: the name of its period, since which day it is over, the rule, its table, and which rows."""
    for name, days in site.retention.items():
        values = {"before": utc_now() - timedelta(days), "day": clock.today() - timedelta(days)}
        for rule in PERIODS[name]["rules"]:
            yield name, values["day"], rule, metadata().tables[rule["table"]], clause(rule["rows"], values)


def purge(database: Database, storage: Storage, site: Site, clock: Clock) -> Iterator[int]:
    """Delete or unlink what is over; after each batch how many rows. Raises `StorageAway`."""
    for _, _, rule, table, which in over(site, clock):
        if "file" in rule:  # first: a row whose file is gone goes next time, a file that no row names would stay
            with database.read() as connection:
                column = table.c[rule["file"]]
                names = {*connection.execute(sa.select(column).where(which)).scalars()} - {None}
                stays = sa.tuple_(*table.primary_key).not_in(sa.select(*table.primary_key).where(which))
                named = connection.execute(sa.select(column).where(column.in_(names), stays)).scalars()
                names -= {*named}  # the same paper, shown by somebody else,
                for other in (sa.inspect(each).expression for each in NAMING):  # or one that is not hers at all
                    if other.table.name not in (table.name, "quarantine"):
                        names -= {*connection.execute(sa.select(other).where(other.in_(names))).scalars()}
            remove(storage, [*names], utc_now() + AGE)  # of whatever age
        while done := _batch(database, rule, table, which):
            yield done


def daily(database: Database, storage: Storage, site: Site, clock: Clock) -> Iterator[int]:
    """The purge now and then every day, for whoever has time: how many rows went, or 0."""
    while True:
        again = utc_now() + timedelta(days=1)
        yield from purge(database, storage, site, clock)
        while utc_now() < again:
            yield 0


def _batch(database: Database, rule: dict[str, str], table: sa.Table, which: sa.TextClause) -> int:
    """Rows are looked for outside of the unit of work, as that may take long."""
    key, keys = sa.tuple_(*table.primary_key), sa.select(*table.primary_key).where(which)
    with database.read() as connection:
        found = [tuple(row) for row in connection.execute(keys.limit(BATCH))]
    act: Any = sa.update(table).values({rule["unlink"]: None}) if "unlink" in rule else sa.delete(table)
    # Nobody waits for one who waits for him: what somebody holds now goes another time.
    free = keys.where(key.in_(found)).with_for_update(skip_locked=True)
    with database.write() as session:
        done: Any = session.execute(act.where(key.in_(free))) if found else None
    return done.rowcount if done else 0
