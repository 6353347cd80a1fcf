"""Speaking another language than the request's for a while, as tests do that look at all of them."""

from collections.abc import Iterator
from contextlib import contextmanager

import flask_babel  # type: ignore[import-untyped]
from flask import g

from views.language import LOCALES


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
