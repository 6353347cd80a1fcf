"""A crowd made bigger inside the database: all rows copied again and again, their ids and names shifted.

To import 400,000 customers takes hours; what is measured at that size are pages, not the import.
"""

from typing import Any

import sqlalchemy as sa
from sqlmodel import AutoString

from models.database import Database, metadata

_LOOSE = {  # of audit, its seals and conversations
    "actor_user_id": "user_account", "premises_id": "premises", "principal_customer_id": "customer",
    "audit_id": "audit", "latest_id": "message", "merged_into": "thread",
}  # fmt: skip
# Tables that do not grow with the customers.
_ONCE = (
    "rendered_file", "throttle", "text_override", "pending_login", "quarantine", "registration", "provider_document",
    "article", "article_text", "search_miss",
)  # fmt: skip
# Nothing here is worth keeping through a power cut, and every reference is right by construction.
_HURRY = {
    True: ("PRAGMA synchronous=off", "PRAGMA foreign_keys=off", "PRAGMA cache_size=-500000", "PRAGMA mmap_size=0"),
    False: ("SET session_replication_role = replica",),
}
_RANDOM = {
    True: {
        "public_id": "substr(hex(randomblob(8)), 1, 16)",
        "token_hash": "hex(randomblob(32))",
        "hook": "hex(randomblob(16))",
    },
    False: {
        "public_id": "substr(md5(random()::text), 1, 16)",
        "token_hash": "md5(random()::text) || md5(random()::text)",
        "hook": "md5(random()::text)",
    },
}


def grow(database: Database, times: int) -> None:
    """Let every row stand `times` times: copies refer to copies as the originals to each other."""
    raw = database.engine.raw_connection()
    cursor = raw.cursor()
    for hint in _HURRY[database.is_sqlite]:
        cursor.execute(hint)
    tables = [table for table in metadata().sorted_tables if table.name not in _ONCE]
    spans = {table.name: _last(cursor, table.name) for table in tables if "id" in table.c}
    done, letter = 1, ord("a")
    while done < times:
        more = min(done, times - done)  # all of them once more, or as many as are missing
        for table in tables:
            values = {c.name: _value(c, done, spans, chr(letter), database.is_sqlite) for c in table.c}
            names, key = ", ".join(f'"{name}"' for name in values), next(filter(_is_number, table.primary_key))
            last = spans[_counted_by(key)] * more
            cursor.execute(
                f"INSERT INTO {table.name} ({names}) SELECT {', '.join(values.values())} "  # noqa: S608  # our own names
                f"FROM {table.name} WHERE {key.name} <= {last} ORDER BY {key.name}"
            )
        raw.commit()
        done, letter = done + more, letter + 1
    if not database.is_sqlite:
        for name, last in spans.items():
            cursor.execute(f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), {last * times + 1})")
    raw.commit()
    raw.invalidate()  # what was told to hurry must not come back from the pool


def _last(cursor: Any, name: str) -> int:
    cursor.execute(f"SELECT max(id) FROM {name}")  # noqa: S608  # as above
    return cursor.fetchone()[0] or 0


def _counted_by(column: sa.Column[Any]) -> str:
    """The table whose ids a column holds."""
    return next((key.column.table.name for key in column.foreign_keys), _LOOSE.get(column.name, column.table.name))


def _is_number(column: sa.Column[Any]) -> bool:
    return isinstance(column.type, sa.Integer)


def _value(column: sa.Column[Any], done: int, spans: dict[str, int], letter: str, is_sqlite: bool) -> str:
    """What a column of a copy holds, as SQL over the original row; unique words begin with the copy's letter."""
    is_word = isinstance(column.type, (sa.String, AutoString))
    if column.foreign_keys or (column.primary_key and _is_number(column)) or column.name in _LOOSE:
        return f'"{column.name}" + {done * spans[_counted_by(column)]}'
    if column.name in _RANDOM[is_sqlite]:
        return _RANDOM[is_sqlite][column.name]
    together = [one for one in column.table.constraints if isinstance(one, sa.UniqueConstraint)]
    is_unique = column.unique or any(column.name in one.columns for one in together)
    return f"'{letter}' || \"{column.name}\"" if is_unique and is_word else f'"{column.name}"'
