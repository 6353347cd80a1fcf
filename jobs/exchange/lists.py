"""Long lists in statements: as rows, from one parameter a column. Thousands of parameters cost more than the search."""

import json
from collections.abc import Collection, Sequence
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.engine import Connection


def among(connection: Connection, key: Any, values: Collection[Any]) -> sa.ColumnElement[bool]:
    """Whether `key`, a column or a tuple of columns, is one of `values`."""
    if isinstance(key, tuple):
        columns = [[*column] for column in zip(*values, strict=True)]
        return sa.tuple_(*key).in_(listed(connection, columns, [column.type for column in key]))
    return cast(sa.ColumnElement[bool], key.in_(listed(connection, [[*values]], [key.type])))


def listed(connection: Connection, columns: Sequence[list[Any]], kinds: Sequence[Any]) -> sa.Select[Any]:
    """Columns of values of these types, as the rows of a subquery."""
    if connection.dialect.name == "sqlite":
        rows = [*zip(*columns, strict=True)] if len(columns) > 1 else columns[0]
        value = sa.func.json_each(json.dumps(rows)).table_valued("value").c.value
        if len(columns) == 1:
            return sa.select(value)
        return sa.select(*(sa.func.json_extract(value, f"$[{place}]") for place in range(len(columns))))
    arrays = [sa.literal(column, sa.ARRAY(kind)) for column, kind in zip(columns, kinds, strict=True)]
    names = [f"c{place}" for place in range(len(columns))]
    return sa.select(sa.func.unnest(*arrays).table_valued(*names).render_derived())
