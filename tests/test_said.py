"""Nothing that people read stands in a template outside the catalogue (I01)."""

import re

import pytest
from flask import Flask

from scripts import messages
from tests.catalogue_lint import SAME
from tests.said import texts
from views.filters import RIGA
from views.language import TRANSLATIONS, LanguageEnvironment

ENVIRONMENT = LanguageEnvironment(Flask("views", root_path=str(messages.ROOT)), "lv", RIGA, TRANSLATIONS)
TEMPLATES = sorted(ENVIRONMENT.list_templates())
# The path of an icon, paths of pages in a letter or a macro, attributes in a macro.
DRAWING = re.compile(r'[MLHVCSAZmlhvcsaz][MLHVCSAZmlhvcsaz0-9. -]*\d[Zz0-9]*|(/[a-z/]+(\?[a-z=&]+)? ?)+|aria-invalid="true" aria-describedby=" -e"')
# Said in the language that it offers, whatever the page is in.
OFFERS = {
    "Portāls ir pieejams arī latviešu valodā",
    "The portal is also available in English",
    "Портал доступен и на русском языке",
}


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_says_nothing_outside_the_catalogue(name: str) -> None:
    source = ENVIRONMENT.loader.get_source(ENVIRONMENT, name)[0]
    allowed = OFFERS | SAME.keys() if name == "layout.html" else SAME.keys()
    said = [f"{name}:{line}: {text}" for line, text in texts(ENVIRONMENT, source) if text not in allowed]
    assert [text for text in said if not DRAWING.fullmatch(text.rpartition(": ")[2])] == []


@pytest.mark.parametrize("source", [
    "<p>Hello</p>", "<p>{{ _('a') }} and {{ name }}</p>", "{% if x %}\n<b>Paid</b>{% endif %}", "{{ 'paid' if x else y }}",
    "{{ _('a') if x else 'unpaid' }}", "{{ x ~ 'days' }}", "<a aria-label=\"Close\"></a>", "<img alt='{{ x }} flat'>",
    "<a title=Close></a>", "<input placeholder='dd.mm.'>", "<input type='submit' value='Send'>", "<body data-t-slow='Slow'>",
    "<label>Имя</label>", "<text>m³</text>", "{% set word = 'Paid' %}", "{{ tag('Paid late') }}", "{{ {'a': 'Paid'}[x] }}",
    "{% macro m(title='Error') %}{% endmacro %}", "{# no #}<p>{# no #}kWh</p>", "<title>Home</title>",
])  # fmt: skip
def test_the_check_finds(source: str) -> None:
    assert len([*texts(ENVIRONMENT, source)]) == 1


@pytest.mark.parametrize("source", [
    "{{ _('Hello') }}", "{# Hello #}", "<p>{{ name }} – 24/7, {{ 3 }} · €</p>", "<p class='card wide'>{{ x|d }}</p>",
    "{{ ngettext('%(num)d day', '%(num)d days', n) }}", "<style>b{color:red}</style><script>var a</script>",
    "<a href='/help' class=\"{{ 'on' if x else 'off' }}\" aria-label=\"{{ _('Close') }}\"></a>", "{{ icon('mark') }}",
    "{% if x == 'Paid' %}{% endif %}", "{% extends 'layout.html' %}", "{% from 'errors/_words.html' import Heading %}",
    "<input type='hidden' value='token'>", "<use href='#a'/>", "{% block title %}{{ pgettext('A b', 'Account') }}{% endblock %}",
])  # fmt: skip
def test_the_check_leaves_alone(source: str) -> None:
    assert [*texts(ENVIRONMENT, source)] == []


def test_the_script_says_nothing_of_its_own() -> None:
    script = (messages.ROOT / "static" / "app.js").read_text("utf-8")
    script = re.sub(r"/\*.*?\*/|^\s*//.*$", "", script, flags=re.S | re.M)
    strings = re.findall(r"""(["'`])((?:(?!\1)[^\\\n]|\\.)*)\1""", script)
    assert len(strings) > 20
    words = re.compile(r"[^\W\d_]{2} [^\W\d_]{2}|[^\x00-\x7f]|^[A-Z][a-z]+$")
    assert {text for _quote, text in strings if words.search(text)} <= {"use strict", "htmx:sendError htmx:timeout htmx:responseError"}
