"""The pieces of a source file that `scripts.mutate` takes away or weakens, one at a time."""

import ast
import copy
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

MOVED = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt}
TRUE, FALSE = (ast.parse(text, mode="eval").body for text in ("sa.true()", "sa.false()"))
Change = tuple[str, ast.AST]  # what is done, and the node that stands instead
# Figures and orders, not access: what bites them are the tests of the rules.
FIGURES = {
    "natural", "_keys", "Dial", "refusal", "on_dials", "Chart", "chart", "_line", "_back", "status", "estimate",
    "Estimate",
    "submit", "_stored", "_reading", "_outcome", "_answered", "_mark", "_card", "needs_touch", "AuditRow",
}  # fmt: skip


class Mutation(NamedTuple):
    """A file with one piece changed."""

    file: str
    line: int
    what: str
    source: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.what}"


def mutations_of(root: Path, file: str) -> Iterator[Mutation]:
    """Every mutation of a file: of views the marks, of the matrix its cells, else the conditions."""
    text = (root / file).read_text("utf-8")
    if file.endswith(".toml"):
        yield from _cells(file, text)
        return
    tree, changes_of = ast.parse(text), _of_views if file.startswith("views/") else _conditions
    for node in [*(_walk(tree) if file.startswith("models/") else ast.walk(tree))]:
        for what, new in changes_of(node):
            source = ast.unparse(_Swap(node, new).visit(tree))
            _Swap(new, node).visit(tree)
            where = getattr(node, "lineno", 0) or next((n.lineno for n in ast.walk(node) if hasattr(n, "lineno")), 0)
            yield Mutation(file, where, what, source)


def _walk(tree: ast.AST) -> Iterator[ast.AST]:
    """Every node of a model but those of figures."""
    yield tree
    for node in ast.iter_child_nodes(tree):
        if getattr(node, "name", "") not in FIGURES:
            yield from _walk(node)


class _Swap(ast.NodeTransformer):
    """Puts one node in the place of another."""

    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self.old, self.new = old, new

    def visit(self, node: ast.AST) -> Any:
        return self.new if node is self.old else self.generic_visit(node)


def _cells(file: str, text: str) -> Iterator[Mutation]:
    """Each word of the matrix, changed to the next."""
    for cell in re.finditer(r'(?<=")(-|view|act)(?=")', text):
        if "#" in text[text.rfind("\n", 0, cell.start()) + 1 : cell.start()]:
            continue
        line, other = text.count("\n", 0, cell.start()), {"-": "view", "view": "act", "act": "-"}[cell[0]]
        what = f"{text.splitlines()[line]} ({cell[0]} → {other})"
        yield Mutation(file, line + 1, what, text[: cell.start()] + other + text[cell.end() :])


def _changed(node: ast.AST, **fields: Any) -> Any:
    new = copy.copy(node)
    for name, value in fields.items():
        setattr(new, name, value)
    return new


def _of_views(node: ast.AST) -> Iterator[Change]:
    """The marks of the views, and the conditions of a query written as text."""
    yield from _marks(node)
    if isinstance(node, ast.Constant) and " WHERE " in str(node.value):
        for found in re.finditer(r"(?:(?<= WHERE )|(?<= AND ))[^()]+?(?= AND | ORDER BY )", node.value):
            yield f"{found[0]} → 1 = 1", ast.Constant(node.value[: found.start()] + "1 = 1" + node.value[found.end() :])


def _marks(node: ast.AST) -> Iterator[Change]:
    """An access mark or a limit gone; a mark that asks for nobody, for less, for more, or for another section."""
    if isinstance(node, ast.Module):
        return
    for index, mark in enumerate(getattr(node, "decorator_list", [])):
        before, after = node.decorator_list[:index], node.decorator_list[index + 1 :]
        for what, new in (*_of_decorator(mark), *_of_route(mark)):
            yield f"@{ast.unparse(mark)} {what}", _changed(node, decorator_list=before + new + after)


def _of_decorator(mark: ast.expr) -> Iterator[tuple[str, list[ast.AST]]]:
    word = ast.unparse(mark)
    if re.match(r"public$|needs\(|\w+_limit$", word):
        yield "deleted", []
    if match := re.fullmatch(r"needs\('(\w+)', Right\.(\w+)\)", word):
        yield "→ public", [ast.parse("__import__('auth.guard').guard.public", mode="eval").body]
        for other in _others(match[1], match[2].lower()):
            section, right = other.split()
            new = f"needs({section!r}, Right.{right.upper().replace('-', 'NONE')})"
            yield f"→ @{new}", [ast.parse(new, mode="eval").body]


def _of_route(mark: ast.expr) -> Iterator[tuple[str, list[ast.AST]]]:
    """Of a route of `views.routes`, which says its access and its limit itself."""
    match mark:
        case ast.Call(func=ast.Attribute(attr="get" | "post" as verb), args=[rule, ast.Constant(str(access)), *limit]):
            yield "access deleted", [_changed(mark, args=[rule, *limit])]
            if " " in access:
                for other in ("public", *_others(*access.split())):
                    yield f"→ {other}", [_changed(mark, args=[rule, ast.Constant(other), *limit])]
            limited = ast.unparse(limit[0]) != "None" if limit else verb == "post" and not mark.keywords
            if limited:
                args = [rule, ast.Constant(access), ast.Constant(None)]
                yield "limit deleted", [_changed(mark, args=args)]


def _others(*words: str) -> Iterator[str]:
    """Another section, another right; and a page of staff opened to residents."""
    *staff, section, right = words
    before = "staff " if staff else ""
    another = ("imports", "inbox") if staff else ("help", "meters")  # what an agent may not open, or what everybody may
    yield f"{before}{another[section == another[0]]} {right}"
    yield from (f"{before}{section} {other}" for other in ("-", "view", "act") if other != right)
    if staff:
        yield f"notices {right}"


def _conditions(node: ast.AST) -> Iterator[Change]:
    """A condition of a query or of a statement gone, or its bound moved by one."""
    yield from _KINDS.get(type(node), lambda _node: ())(node)


def _call(node: Any) -> Iterator[Change]:
    match node:
        case ast.Call(func=ast.Attribute(attr="where"), args=args):
            yield from ((what, _changed(node, args=rest)) for what, rest in _replaced(args, TRUE))
        case ast.Call(func=ast.Attribute(value=ast.Name(id="sa"), attr="or_"), args=args):
            yield from ((what, _changed(node, args=rest)) for what, rest in _replaced(args, FALSE))
        case ast.Call(func=ast.Attribute(attr="join" | "outerjoin"), args=[table, on]):
            yield f"{ast.unparse(on)} → true", _changed(node, args=[table, TRUE])
        case ast.Call(func=ast.Name(id="min" | "max"), args=[_, _, *_] as args):
            plain = [one for one in args if not isinstance(one, ast.Starred)]
            yield from ((f"{ast.unparse(node)} → {ast.unparse(one)}", one) for one in plain)


def _operands(node: Any) -> Iterator[Change]:
    if isinstance(node.values[-1], ast.Constant | ast.Dict):
        return  # a default, no condition
    for value, rest in _without_each(node.values):
        new = _changed(node, values=rest) if len(rest) > 1 else rest[0]
        yield f"{ast.unparse(node)} without {ast.unparse(value)}", new


def _filters(node: Any) -> Iterator[Change]:
    for value, rest in _without_each(node.ifs):
        yield f"if {ast.unparse(value)} deleted", _changed(node, ifs=rest)


def _statement(node: Any) -> Iterator[Change]:
    if not node.orelse:
        yield f"if {ast.unparse(node.test)} → never", _changed(node, test=ast.Constant(False))


def _choice(node: Any) -> Iterator[Change]:
    yield f"{ast.unparse(node)} → always", node.body


def _bounds(node: Any) -> Iterator[Change]:
    match node:
        case ast.Compare(ops=[op]) if type(op) in MOVED:
            yield f"{ast.unparse(node)} with its bound moved", _changed(node, ops=[MOVED[type(op)]()])
        case ast.Compare(ops=[first, second], left=left, comparators=[middle, right]):
            yield f"{ast.unparse(node)} without its begin", ast.Compare(middle, [second], [right])
            yield f"{ast.unparse(node)} without its end", ast.Compare(left, [first], [middle])


def _entries(node: Any) -> Iterator[Change]:
    if isinstance(node.value, ast.Dict):
        pairs = [*zip(node.value.keys, node.value.values, strict=True)]
        for (key, _value), rest in _without_each(pairs):
            kept = ast.Dict([key for key, _value in rest], [value for _key, value in rest])
            yield f"{ast.unparse(key)} deleted", _changed(node, value=kept)


_KINDS: dict[type[ast.AST], Callable[[Any], Iterator[Change]]] = {
    ast.Call: _call, ast.BoolOp: _operands, ast.comprehension: _filters, ast.If: _statement, ast.IfExp: _choice,
    ast.Compare: _bounds, ast.AnnAssign: _entries,
}  # fmt: skip


def _without_each(items: list[Any]) -> Iterator[tuple[Any, list[Any]]]:
    """Each item and the others."""
    return ((item, [*items[:index], *items[index + 1 :]]) for index, item in enumerate(items))


def _replaced(items: list[ast.expr], value: ast.expr) -> Iterator[tuple[str, list[ast.expr]]]:
    for index, item in enumerate(items):
        yield f"{ast.unparse(item)} → {ast.unparse(value)}", [*items[:index], value, *items[index + 1 :]]
