"""How templates are compiled: constant texts translated once and for all, and values printed without detours."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NoReturn

from jinja2 import TemplateAssertionError, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.visitor import NodeTransformer
from markupsafe import Markup, escape

if TYPE_CHECKING:
    from views.language import LanguageEnvironment

# How many of its first arguments each marker takes as constant texts; `ngettext` then takes the number.
MARKERS = {"_": 1, "ngettext": 2, "pgettext": 2}
PLACEHOLDER = re.compile(r"%%|%\((\w+)\)[sd]")
_SPECIAL = re.compile("[&<>'\"]")


def shown(value: object) -> str:
    """A value as it is printed: escaped. Jinja makes Markup of each, only to join it to the page: 3 times as slow."""
    if type(value) is str and not _SPECIAL.search(value):
        return value
    return value if type(value) is Markup else escape(value)


class Printing(CodeGenerator):
    """Compiles templates that print through `shown`."""

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        self.write("environment.shown(" if frame.eval_ctx.autoescape and not frame.eval_ctx.volatile else "str(")


class Fold(NodeTransformer):
    """Replaces the markers in a template by translations; refuses what extraction would not find."""

    def __init__(self, environment: "LanguageEnvironment", name: str | None, filename: str | None) -> None:
        self.environment, self.name, self.filename = environment, name, filename
        escaped = environment.autoescape
        self.escaped = escaped(name) if callable(escaped) else escaped

    def fail(self, node: nodes.Node, problem: str) -> NoReturn:
        raise TemplateAssertionError(problem, node.lineno, self.name, self.filename)

    def visit_Name(self, node: nodes.Name) -> nodes.Node:
        if node.name in MARKERS:
            self.fail(node, f"{node.name} is kept for texts: call it with a constant text")
        return node

    def visit_Call(self, node: nodes.Call) -> nodes.Node:
        marker = node.node.name if isinstance(node.node, nodes.Name) else ""
        if marker not in MARKERS:
            return self.generic_visit(node)
        count = MARKERS[marker]
        texts = [a.value for a in node.args[:count] if isinstance(a, nodes.Const) and isinstance(a.value, str)]
        numbers = [self.visit(a) for a in node.args[count:]]
        if len(texts) < count or len(numbers) != (marker == "ngettext") or node.dyn_args or node.dyn_kwargs:
            self.fail(node, f"{marker} takes constant texts and named values")
        for value in node.kwargs:
            value.value = self.visit(value.value)
        if marker == "ngettext":
            folded = self.plural(node, texts, numbers[0])
        else:
            folded = self.text(node, texts[-1], texts[0] if marker == "pgettext" else None)
        return folded.set_lineno(node.lineno).set_environment(self.environment)

    def text(self, node: nodes.Call, msgid: str, context: str | None) -> nodes.Expr:
        text = self.trusted(node, self.environment.forms(msgid, [msgid], context)[0], {k.key for k in node.kwargs})
        if not node.kwargs:
            return nodes.Const(text)
        values = nodes.Dict([nodes.Pair(nodes.Const(k.key), k.value) for k in node.kwargs])
        return nodes.Mod(nodes.Const(text), values)  # Markup % values escapes the values

    def plural(self, node: nodes.Call, texts: list[str], number: nodes.Expr) -> nodes.Expr:
        names = {"num", *(k.key for k in node.kwargs)}
        forms = [str(self.trusted(node, form, names)) for form in self.environment.forms(texts[0], texts)]
        # An escaped value is text, which %d refuses.
        constants = (
            nodes.Const(tuple(re.sub(r"(%\(\w+\))d", r"\1s", form) for form in forms)),
            nodes.Const(self.escaped),
        )
        return nodes.Call(nodes.EnvironmentAttribute("choose"), [number, *constants], node.kwargs, None, None)

    def trusted(self, node: nodes.Call, text: str, names: set[str]) -> str:
        """The text, escaped once and for all if the template escapes. Without values a % is just a %."""
        unknown = set(PLACEHOLDER.findall(text)) - names - {""}
        if unknown or (names and "%" in PLACEHOLDER.sub("", text)):
            self.fail(node, f"the text {text!r} does not fit the values {sorted(names)}")
        return Markup.escape(text) if self.escaped else text

    def visit_Output(self, node: nodes.Output) -> nodes.Output:
        node.nodes = [part for child in node.nodes for part in self.parts(child)]
        return node

    def parts(self, child: nodes.Expr) -> Iterator[nodes.Expr]:
        """A text with values that is printed as it is becomes pieces of the page: no formatting is left."""
        folded = self.visit(child)
        if not (isinstance(child, nodes.Call) and isinstance(folded, nodes.Mod)):
            yield folded
            return
        assert isinstance(folded.left, nodes.Const) and isinstance(folded.right, nodes.Dict)
        values = {pair.key.value: pair.value for pair in folded.right.items if isinstance(pair.key, nodes.Const)}
        for index, piece in enumerate(PLACEHOLDER.split(folded.left.value)):
            if index % 2 and piece:
                yield values[piece]
            else:
                yield nodes.TemplateData("%" if index % 2 else piece, lineno=folded.lineno)
