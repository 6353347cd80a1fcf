"""Collect the texts of templates and Python into translations/*.po: `make messages`."""

import ast
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from views.language import LANGUAGES

ROOT = Path(__file__).parents[1]
PACKAGES = ("views", "auth", "jobs", "demo")
# Babel's notation: which arguments are msgid, msgid_plural and, marked c, the context.
KEYWORDS = {"_": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2)}
# In Python only `text` exists; other functions of that name mark nothing.
KEYWORD, HOME = "text", "views.language"


def extract(root: Path = ROOT) -> Catalog:
    """Every text of the sources below `root`, in the order of files and lines.

    ValueError names the place of a `text(…)` in Python whose text is not constant; a template that does not
    parse raises Jinja's error, and what is not constant there is refused when the template is compiled.
    """
    catalog = Catalog(project="ekabinets", charset="utf-8")
    found = extract_from_dir(
        root / "templates",
        method_map=[("**", "jinja2")],
        options_map={"**": {"silent": "false"}},
        keywords=KEYWORDS,
    )
    for name, line, msgid, _comments, context in found:
        catalog.add(msgid, locations=[(f"templates/{name}", line)], context=context)
    for package in PACKAGES:
        for path in sorted((root / package).rglob("*.py")):
            for line, msgid in sorted(python_texts(path)):
                catalog.add(msgid, locations=[(path.relative_to(root).as_posix(), line)])
    return catalog


def python_texts(path: Path) -> Iterator[tuple[int, str]]:
    """Line and text of each `text('…')` in a module that has it from `views.language`."""
    nodes = list(ast.walk(ast.parse(path.read_bytes())))
    if not any(isinstance(n, ast.ImportFrom) and n.module == HOME and has(n, KEYWORD) for n in nodes):
        return
    for node in nodes:
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == KEYWORD):
            continue
        first = node.args[0] if node.args else None
        if not (isinstance(first, ast.Constant) and isinstance(first.value, str)):
            raise ValueError(f"{path}:{node.lineno}: text() takes a constant text")
        yield node.lineno, first.value


def has(node: ast.ImportFrom, name: str) -> bool:
    """Whether an import brings this name."""
    return any(alias.name == name for alias in node.names)


def po_file(language: str, root: Path = ROOT) -> Path:
    """Where the texts of a language are."""
    return root / "translations" / language / "LC_MESSAGES" / "messages.po"


def update(language: str, template: Catalog, root: Path = ROOT) -> bytes:
    """The file of a language brought up to date: new texts empty, those gone left out, its head as it was.

    Without dates and line numbers, so that a file changes only when its texts do.
    """
    before = po_file(language, root).read_bytes()
    catalog = read_po(BytesIO(before), locale=language)
    catalog.update(template, no_fuzzy_matching=True)
    for message in list(catalog):
        if language == "en" and message.id:
            fill_english(catalog, message)
    texts = BytesIO()
    write_po(texts, catalog, width=0, omit_header=True, ignore_obsolete=True, include_lineno=False)
    return before.partition(b"\n\n")[0].rstrip() + b"\n\n" + texts.getvalue()


def fill_english(catalog: Catalog, message: Message) -> None:
    """The msgid is the English text, so the English catalogue holds the plural forms and nothing else."""
    if not message.pluralizable:
        catalog.delete(message.id, message.context)
    elif not all(forms(message)):
        message.string = tuple(message.id)


def forms(message: Message) -> tuple[str, ...]:
    """The translation in all its plural forms; a text without plural has one."""
    return (message.string or "",) if isinstance(message.string, str | None) else tuple(message.string)


def main() -> None:
    """Rewrite the three files and say how much each still lacks."""
    template = extract()
    for language in LANGUAGES:
        content = update(language, template)
        po_file(language).write_bytes(content)
        texts = [message for message in read_po(BytesIO(content), locale=language) if message.id]
        empty = sum(not all(forms(message)) for message in texts)
        print(f"{language}: {len(texts)} texts, {empty} without translation")


if __name__ == "__main__":
    main()
