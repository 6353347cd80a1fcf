"""What a template says without asking the catalogue: letters between tags and in the attributes that people read.

The source is looked at, not a page: a branch that no test opens is read too.
"""

import re
from collections.abc import Iterator
from html.parser import HTMLParser

from jinja2 import Environment, nodes

LETTERS = re.compile(r"[^\W\d_]")
GETTEXT = {"_", "ngettext", "pgettext"}
READ = re.compile(r"aria-(label|description|roledescription|valuetext)|title|placeholder|alt|label|summary|data-(t|said|label|hide)[\w-]*")
HOLE = "\u2400"  # where an expression or a statement stood


class Reader(HTMLParser):
    """The texts of a source whose expressions are holes."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.found: list[tuple[int, str]] = []
        self.unread = 0
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.unread += tag in ("script", "style")
        kinds = dict(attrs)
        for name, value in attrs:
            button = tag == "input" and name == "value" and kinds.get("type") in ("submit", "button", "reset")
            if READ.fullmatch(name) or button:
                self.note(value or "")

    def handle_endtag(self, tag: str) -> None:
        self.unread -= tag in ("script", "style")

    def handle_data(self, data: str) -> None:
        if not self.unread:
            self.note(data)

    def note(self, text: str) -> None:
        """Remember a text that has letters."""
        said = " ".join(text.replace(HOLE, " ").split())
        if LETTERS.search(said):
            self.found.append((self.getpos()[0], said))


def texts(environment: Environment, source: str) -> Iterator[tuple[int, str]]:
    """Line and text of what a template says by itself; the name of an icon is not said."""
    source = re.sub(r"'\w+'\|icon", "icon", source)
    yield from Reader(holed(environment, source)).found
    for node in environment.parse(source).body:
        yield from strings(node)


def holed(environment: Environment, source: str) -> str:
    """The source with a hole for each expression, statement and comment, but for a string that is the expression."""
    out, before = [], ""
    for _line, kind, value in environment.lex(source):
        if kind == "data":
            out.append(value)
        elif kind == "string" and before in ("variable_begin", "else", "~", "+"):
            out.append(value[1:-1])  # printed as it is
        else:
            out.append("\n" * value.count("\n") + HOLE * kind.endswith("_end"))
        if kind != "whitespace":
            before = value if kind in ("name", "operator") else kind
    return "".join(out)


def strings(node: nodes.Node) -> Iterator[tuple[int, str]]:
    """Strings in expressions that read like words: with a capital or a space, outside of gettext."""
    if isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name) and node.node.name in GETTEXT:
        return
    if isinstance(node, nodes.Compare | nodes.Test | nodes.Import | nodes.FromImport | nodes.Extends | nodes.Include):
        return
    text = node.value if isinstance(node, nodes.Const) else None
    if isinstance(text, str) and re.search(r"[^\W\d_a-z]|[^\W\d_] [^\W\d_]", text):
        yield node.lineno, text
    for child in node.iter_child_nodes():
        yield from strings(child)
