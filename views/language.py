"""A template environment for each language, with its translations folded in when templates are compiled.

A page says about 80 texts. Looked up on every request they cost more than the database does, so the
environment of a language replaces `_('…')` by its translation while it compiles a template.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

import flask_babel  # type: ignore[import-untyped]
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations
from flask import Flask, current_app, g
from flask.templating import Environment
from jinja2 import StrictUndefined, TemplateAssertionError, nodes
from jinja2.visitor import NodeTransformer
from markupsafe import Markup, escape
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from views.filters import LOCALES, RIGA, Formats

LANGUAGES = ("lv", "en", "ru")
TRANSLATIONS = Path(__file__).parents[1] / "translations"
# How many of its first arguments each marker takes as constant texts; `ngettext` then takes the number.
MARKERS = {"_": 1, "ngettext": 2, "pgettext": 2}
PLACEHOLDER = re.compile(r"%%|%\((\w+)\)[sd]")


@cache
def catalogue(language: str, folder: Path = TRANSLATIONS) -> tuple[Catalog, Translations]:
    """The texts of a language, read from its .po: it takes 20 ms, so nothing need be compiled."""
    path = folder / language / "LC_MESSAGES" / "messages.po"
    with path.open("rb") as source:
        catalog = read_po(source, locale=language)
    compiled = BytesIO()
    write_mo(compiled, catalog)
    compiled.seek(0)
    return catalog, Translations(compiled)


class LanguageEnvironment(Environment):
    """Jinja in one language: the app's loader, globals and tests; its own filters and texts."""

    def __init__(self, app: Flask, language: str, timezone: ZoneInfo, folder: Path) -> None:
        base = app.jinja_env
        super().__init__(
            app,
            loader=base.loader,
            autoescape=app.select_jinja_autoescape,
            auto_reload=app.debug,
            trim_blocks=True,
            lstrip_blocks=True,
            undefined=StrictUndefined,
        )
        self.globals, self.tests, self.policies = base.globals, base.tests, base.policies
        self.filters = {**base.filters, **Formats(language, timezone).filters()}
        self.catalog, translations = catalogue(language, folder)
        self.plural = translations.plural

    def make_globals(self, d: Any) -> Any:
        """The globals themselves: Jinja's layered copy is slow to read and every render reads all of it."""
        return {**self.globals, **d} if d else self.globals

    def forms(self, msgid: str, otherwise: Sequence[str], context: str | None = None) -> Sequence[str]:
        """The translation in all its plural forms, or `otherwise` while there is none."""
        message = self.catalog.get(msgid, context)
        if message is None or message.fuzzy or not message.string:
            return otherwise
        forms = (message.string,) if isinstance(message.string, str) else tuple(message.string)
        return forms if all(forms) else otherwise

    def choose(self, num: int, forms: Sequence[str], escaped: bool, **values: object) -> str:
        """The form for a number, filled in. Two forms are English ones, where a translation is missing."""
        form = forms[self.plural(num) if len(forms) > 2 else num != 1]
        if not escaped:
            return form % {"num": num, **values}
        # Faster than Markup's own %.
        return Markup(form % {"num": num, **{name: escape(value) for name, value in values.items()}})  # noqa: S704

    def _generate(
        self, source: nodes.Template, name: str | None, filename: str | None, defer_init: bool = False
    ) -> str:
        return super()._generate(Fold(self, name, filename).visit(source), name, filename, defer_init)


class Fold(NodeTransformer):
    """Replaces the markers in a template by translations; refuses what extraction would not find."""

    def __init__(self, environment: LanguageEnvironment, name: str | None, filename: str | None) -> None:
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
        texts = [
            a.value for a in node.args[:count] if isinstance(a, nodes.Const) and isinstance(a.value, str)
        ]
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
        text = self.trusted(
            node, self.environment.forms(msgid, [msgid], context)[0], {k.key for k in node.kwargs}
        )
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
        values = {
            pair.key.value: pair.value for pair in folded.right.items if isinstance(pair.key, nodes.Const)
        }
        for index, piece in enumerate(PLACEHOLDER.split(folded.left.value)):
            if index % 2 and piece:
                yield values[piece]
            else:
                yield nodes.TemplateData("%" if index % 2 else piece, lineno=folded.lineno)


def init_languages(
    app: Flask, languages: Sequence[str], timezone: ZoneInfo = RIGA, folder: Path = TRANSLATIONS
) -> None:
    """Build the environments of a site's languages, the first being its default, and tell Flask-Babel.

    Globals and tests of `app.jinja_env` are shared and may still be added to; its own filters are copied now.
    """
    environments = {lang: LanguageEnvironment(app, lang, timezone, folder) for lang in languages}
    app.extensions["languages"] = environments
    default = LOCALES[languages[0]]
    flask_babel.Babel(app, configure_jinja=False, default_locale=default, locale_selector=_locale)
    with app.app_context():
        loaded = (
            flask_babel.get_babel().instance.domain_instance.cache
        )  # filled here, so that it never looks for .mo files
    loaded.update({(LOCALES[lang], "messages"): catalogue(lang, folder)[1] for lang in languages})


def _locale() -> str | None:
    return LOCALES.get(g.get("language", ""))


def render(template: str, **context: Any) -> str:
    """A template in the language of `g.language`, or of a `language` given. No context processor runs."""
    language = context.get("language") or g.language
    context["language"] = language
    environment: LanguageEnvironment = current_app.extensions["languages"][language]
    return environment.get_template(template).render(context)


def text(msgid: str, **values: object) -> str:
    """One of the few texts that live in Python (subjects, file names), in the current language."""
    return str(flask_babel.gettext(msgid, **values))


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Inside, `text` and `render` speak a recipient's language. Needs an application context."""
    before = g.get("language")
    g.language = language
    try:
        with flask_babel.force_locale(LOCALES[language]):
            yield
    finally:
        g.language = before


def choose_language(
    arg: str | None, profile: str | None, cookie: str | None, default: str, allowed: Sequence[str]
) -> str:
    """The language of a request (ux.md §5.1): `?lang=`, profile, cookie, the site's; not the browser's."""
    return next((wish for wish in (arg, profile, cookie) if wish and wish in allowed), default)


def offer_language(accept_header: str | None, current: str, allowed: Sequence[str]) -> str | None:
    """What to offer in one line on a first visit: the browser's first language that we speak, if another."""
    for tag, quality in parse_accept_header(accept_header, LanguageAccept):
        language = tag.replace("_", "-").split("-")[0].lower()
        if quality > 0 and language in allowed:
            return None if language == current else language
    return None
