"""The routes of the application as a table and as addresses: what is added later is walked by itself."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from flask import Flask

from tests.cast import Cast

VERBS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")


@dataclass(frozen=True)
class Route:
    """One way to ask for something: a verb, an address with somebody's ids in it, and the route's mark."""

    verb: str
    path: str
    endpoint: str
    mark: tuple[str, int] | None
    names: frozenset[str]  # of the variables in its path

    @property
    def for_staff(self) -> bool:
        """Of the operator's own pages, which exist for no resident."""
        return self.mark is not None and self.mark[0].startswith("staff ")

    def __str__(self) -> str:
        return f"{self.verb} {self.path}"


def ids_of(whose: str, cast: Cast) -> dict[str, list[str]]:
    """Ids by the name of the path's variable; a new kind of object asks for its line here."""
    if whose == "anna":
        return {
            "pid": [cast.flat, cast.second],
            "mid": [cast.cold, cast.two_dials, cast.house_meter],
            "iid": [cast.invoice, cast.paid],
            "payid": [cast.payment],
            "did": [cast.document],
            "hid": [cast.house_paper],
            "nid": [cast.notice],
            "fid": [cast.notice_file],
            "cid": [cast.data_copy],
            "sid": ["1"],
            "uid": [cast.mandate],
            "tid": [cast.thread],
            "aid": [cast.thread_file],
            "phid": [cast.photo],
        }
    if whose == "viktors":
        return {
            "pid": [cast.neighbour],
            "mid": [cast.stranger_meter],
            "iid": [cast.stranger_invoice],
            "payid": [cast.stranger_payment],
            "did": [cast.stranger_document],
            "hid": [cast.other_paper],
            "nid": [cast.stranger_notice],
            "fid": [cast.stranger_file],
            "cid": [cast.stranger_copy],
            "sid": ["1"],
            "uid": [cast.stranger_mandate],
            "tid": [cast.stranger_thread],
            "aid": [cast.stranger_thread_file],
            "phid": [cast.stranger_photo],
        }
    return {
        name: ["AAAAAAAAAAAAAAAA", "1", "-", "a" * 33, "%00", "%FF", "%0A", "..%2f", "ā"]
        for name in ("pid", "mid", "iid", "payid", "did", "hid", "nid", "fid", "cid", "sid", "uid", "tid", "aid", "phid")
    }


def examples(app: Flask, ids: dict[str, list[str]]) -> dict[str, list[str]]:
    """Values for every variable of a path: these ids for objects, and one of everything else."""
    return {"rid": ["1"], "crid": ["1"], "meid": ["-"], "table": ["customers"], "custid": ["1"], "poid": ["1"], "hoid": ["1"], "snid": ["1"], "artid": ["1"], "suid": ["5"], "imid": ["1"], "moid": ["b1"], "emid": ["1"], "thid": ["9001"], "afid": ids.get("aid", ["-"]), "sphid": ids.get("phid", ["-"])} | ids | {"name": [*app.extensions["assets"].by_name][:1], "key": ["terms"], "token": ["no-such-link"], "signature": ["not-ours"], "family": ["bank", "eparaksts"], "slug": ["how-to-read"]}


def routes(app: Flask, ids: dict[str, list[str]]) -> Iterator[Route]:
    """Every route, with each of the ids for the objects that its path names."""
    values = examples(app, ids)
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: (rule.rule, sorted(rule.methods or ()))):
        mark = app.view_functions[rule.endpoint].access  # type: ignore[attr-defined]
        for verb, path in product(sorted(rule.methods or ()), paths(rule.rule, values)):
            yield Route(verb, path, rule.endpoint, mark, frozenset(rule.arguments))


def paths(rule: str, values: dict[str, list[str]]) -> list[str]:
    """The addresses of one rule: its variables replaced by each of their values."""
    variable = re.search(r"<(?:[^<>]*:)?(\w+)>", rule)
    if not variable:
        return [rule]
    assert variable[1] in values, f"{rule}: give an example of {variable[1]}"
    return [path for value in values[variable[1]] for path in paths(rule.replace(variable[0], value), values)]
