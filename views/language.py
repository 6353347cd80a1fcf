"""A template environment for each language, with its translations folded in when templates are compiled.

A page says about 80 texts. Looked up on every request they cost more than the database does, so the
environment of a language replaces `_('…')` by its translation while it compiles a template.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from gettext import c2py
from pathlib import Path
from sys import intern
from typing import Any
from zoneinfo import ZoneInfo

import flask_babel  # type: ignore[import-untyped]
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from babel.support import Translations
from flask import Flask, current_app, g
from flask.templating import Environment
from jinja2 import StrictUndefined, nodes
from markupsafe import Markup, escape
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from views.filters import LOCALES, RIGA, Formats
from views.folding import Fold, Printing, shown
from views.icons import ICONS

LANGUAGES = ("lv", "en", "ru")
TRANSLATIONS = Path(__file__).parents[1] / "translations"


def catalogue(language: str, folder: Path = TRANSLATIONS) -> Catalog:
    """The texts of a language with all that is known of them, read from its .po."""
    path = folder / language / "LC_MESSAGES" / "messages.po"
    with path.open("rb") as source:
        return read_po(source, locale=language)


@cache
def translations(language: str, folder: Path = TRANSLATIONS) -> Translations:
    """The texts alone, which take a tenth of the memory: to read them takes 20 ms, so nothing need be compiled."""
    texts, read = Translations(), catalogue(language, folder)
    texts.plural = c2py(read.plural_expr)  # type: ignore[assignment]  # of whole numbers, as gettext has it
    texts._catalog = dict(_texts(read))  # where gettext keeps what it has read from a .mo
    return texts


def _texts(read: Catalog) -> Iterator[tuple[str | tuple[str, int], str]]:
    """Each text that is translated, by what stands in the code: one string for all languages."""
    for one in read:
        if one.id and one.string and not one.fuzzy:
            context = f"{one.context}\4" if one.context else ""
            if isinstance(one.string, str):
                yield intern(f"{context}{one.id}"), one.string
            else:
                for form, text in enumerate(one.string):
                    yield (intern(f"{context}{one.id[0]}"), form), text or one.id[min(form, 1)]


class LanguageEnvironment(Environment):
    """Jinja in one language: the app's loader, globals and tests; its own filters and texts."""

    code_generator_class = Printing

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
        self.globals, self.tests, self.policies = {**base.globals}, base.tests, base.policies
        self.filters = {**base.filters, **Formats(language, timezone).filters(), "icon": ICONS.__getitem__}
        self.shown = shown
        # In our templates a dot is an attribute and brackets are an item; Jinja would try both, at four times the cost.
        self.getattr = getattr  # type: ignore[assignment,method-assign]
        self.texts = translations(language, folder)
        self.plural = self.texts.plural
        self.numbers = [*dict(sorted((self.plural(number), number) for number in range(201))).values()]

    def know(self, template: str) -> None:
        """Make the tables and macros of a template known in all others; of its `rooms` a filter, too."""
        words = vars(self.get_template(template).module)
        self.globals |= {name: value for name, value in words.items() if not name.startswith("_")}
        self.filters["room"] = lambda where: words["rooms"].get(where, where)

    def make_globals(self, d: Any) -> Any:
        """The globals themselves: Jinja's layered copy is slow to read and every render reads all of it."""
        return {**self.globals, **d} if d else self.globals

    def forms(self, msgid: str, otherwise: Sequence[str], context: str | None = None) -> Sequence[str]:
        """The translation in all its plural forms, or `otherwise` while there is none."""
        if len(otherwise) == 1:
            return [str(self.texts.pgettext(context, msgid)) if context else self.texts.gettext(msgid)]
        one, many = otherwise
        forms = [self.texts.ngettext(one, many, number) for number in self.numbers]
        return otherwise if {*forms} & {*otherwise} else forms

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


def init_languages(
    app: Flask, languages: Sequence[str], timezone: ZoneInfo = RIGA, folder: Path = TRANSLATIONS, words: str = ""
) -> None:
    """Build the environments of a site's languages, the first being its default, and tell Flask-Babel.

    What the template `words` defines is known in all others: an import in each would cost 10 µs a time.
    """
    environments = {lang: LanguageEnvironment(app, lang, timezone, folder) for lang in languages}
    for environment in environments.values():
        if words:
            environment.know(words)
    app.extensions["languages"] = environments
    default = LOCALES[languages[0]]
    flask_babel.Babel(app, configure_jinja=False, default_locale=default, locale_selector=_locale)
    with app.app_context():
        loaded = (
            flask_babel.get_babel().instance.domain_instance.cache
        )  # filled here, so that it never looks for .mo files
    loaded.update({(LOCALES[lang], "messages"): translations(lang, folder) for lang in languages})


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
