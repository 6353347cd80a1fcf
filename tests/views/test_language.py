"""The folded templates say what the catalogues say, escape what people typed, and refuse what cannot be found."""

from collections.abc import Callable
from pathlib import Path

import jinja2
import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po
from flask import Flask, g, render_template_string
from flask_babel import gettext
from markupsafe import Markup

from tests.speaking import speaking
from views import filters, language

TEXTS = {
    "lv": {
        "Hello": "Labdien",
        "Reading %(value)s of %(meter)s": "%(meter)s: rādījums %(value)s",
        "Bread & butter": "Maize & 'sviests'",
        "21% VAT": "21% PVN",
        "%(share)s%% of the house": "%(share)s%% no mājas",
        ("%(num)d reading", "%(num)d readings"): ("%(num)d rādījumu", "%(num)d rādījums", "%(num)d rādījumi"),
        ("%(num)d flat in %(street)s", "%(num)d flats in %(street)s"): (
            "%(street)s: %(num)d",
            "%(street)s: %(num)d",
            "%(street)s: %(num)d",
        ),
    },
    "en": {("%(num)d reading", "%(num)d readings"): ("%(num)d reading", "%(num)d readings")},
    "ru": {
        "Hello": "Здравствуйте",
        ("%(num)d reading", "%(num)d readings"): (
            "%(num)d показание",
            "%(num)d показания",
            "%(num)d показаний",
        ),
    },
}
RENDER = Callable[..., str]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Small catalogues with the plural rules of the real ones."""
    for name, texts in TEXTS.items():
        real = language.catalogue(name)
        catalog = Catalog(locale=name)
        catalog._num_plurals, catalog._plural_expr = real.num_plurals, real.plural_expr
        for msgid, text in texts.items():
            catalog.add(msgid, text)
        if name == "lv":
            catalog.add("Account", "Konts", context="person")
            catalog.add("Doubtful", "Šaubīgi", flags=["fuzzy"])
        path = tmp_path / name / "LC_MESSAGES" / "messages.po"
        path.parent.mkdir(parents=True)
        with path.open("wb") as target:
            write_po(target, catalog)
    return tmp_path


@pytest.fixture
def app(folder: Path) -> Flask:
    app = Flask(__name__)
    language.init_languages(app, language.LANGUAGES, folder=folder)
    return app


@pytest.fixture
def say(app: Flask) -> RENDER:
    """Renders a template's source in a language, as `page.html` unless told otherwise."""

    def render(source: str, lang: str = "lv", name: str = "page.html", **values: object) -> str:
        environment = app.extensions["languages"][lang]
        environment.loader = jinja2.DictLoader({name: source})
        return environment.get_template(name).render(**values)

    return render


@pytest.mark.parametrize(("lang", "said"), [("lv", "Labdien!"), ("en", "Hello!"), ("ru", "Здравствуйте!")])
def test_a_text_is_said_in_the_language_of_the_environment(say: RENDER, lang: str, said: str) -> None:
    assert say("{{ _('Hello') }}!", lang) == said


def test_a_constant_text_leaves_no_call_in_the_compiled_template(app: Flask) -> None:
    code = app.extensions["languages"]["lv"].compile("<p>{{ _('Hello') }}</p>", "page.html", raw=True)
    assert "'<p>Labdien</p>'" in code and "call" not in code


def test_values_go_to_the_places_that_the_translation_gives_them(say: RENDER) -> None:
    assert say("{{ _('Reading %(value)s of %(meter)s', value=7, meter='M1') }}") == "M1: rādījums 7"


@pytest.mark.parametrize("use", ["{{ %s }}", "{%% set text = %s %%}{{ text }}", "{{ (%s)|trim }}"])
def test_a_value_is_escaped_and_markup_in_it_is_kept(say: RENDER, use: str) -> None:
    source = use % "_('Reading %(value)s of %(meter)s', value=a, meter=b)"
    assert say(source, a="<i>", b=Markup("<b>M</b>")) == "<b>M</b>: rādījums &lt;i&gt;"


def test_a_text_of_the_catalogue_is_escaped_once(say: RENDER) -> None:
    assert say("{{ _('Bread & butter') }}") == "Maize &amp; &#39;sviests&#39;"


def test_a_letter_in_plain_text_is_not_escaped(say: RENDER) -> None:
    assert say("{{ _('Bread & butter') }}", name="letter.txt") == "Maize & 'sviests'"
    source = "{{ _('Reading %(value)s of %(meter)s', value=a, meter=1) }}"
    assert say(source, name="other.txt", a="<i>") == "1: rādījums <i>"


def test_a_percent_sign_survives_with_and_without_values(say: RENDER) -> None:
    assert say("{{ _('21% VAT') }}") == "21% PVN"
    assert say("{{ _('%(share)s%% of the house', share=3) }}") == "3% no mājas"
    assert say("{% set t = _('%(share)s%% of the house', share=3) %}{{ t }}", name="b.html") == "3% no mājas"


def test_a_context_tells_two_equal_texts_apart(say: RENDER) -> None:
    assert say("{{ pgettext('person', 'Account') }} {{ pgettext('bank', 'Account') }}") == "Konts Account"


def test_a_doubtful_translation_is_not_used(say: RENDER) -> None:
    assert say("{{ _('Doubtful') }}") == "Doubtful"


@pytest.mark.parametrize(("lang", "said"), [
    ("lv", "0 rādījumu, 1 rādījums, 2 rādījumi, 10 rādījumu, 11 rādījumu, 21 rādījums, 111 rādījumu"),
    ("en", "0 readings, 1 reading, 2 readings, 10 readings, 11 readings, 21 readings, 111 readings"),
    ("ru", "0 показаний, 1 показание, 2 показания, 10 показаний, 11 показаний, 21 показание, 111 показаний"),
])  # fmt: skip
def test_the_number_chooses_the_plural_form(say: RENDER, lang: str, said: str) -> None:
    source = "{% for n in ns %}{{ ngettext('%(num)d reading', '%(num)d readings', n) }}{{ ', ' if not loop.last }}{% endfor %}"
    assert say(source, lang, ns=[0, 1, 2, 10, 11, 21, 111]) == said


def test_a_missing_plural_is_english_in_its_two_forms(say: RENDER) -> None:
    source = "{{ ngettext('%(num)d day', '%(num)d days', n) }}"
    assert [say(source, n=n) for n in (0, 1, 21)] == ["0 days", "1 day", "21 days"]


def test_a_plural_text_escapes_its_other_values(say: RENDER) -> None:
    source = "{{ ngettext('%(num)d flat in %(street)s', '%(num)d flats in %(street)s', 2, street=s) }}"
    assert say(source, s="<b>") == "&lt;b&gt;: 2"


@pytest.mark.parametrize("source", [
    "{{ _(name) }}", "{{ _('a' ~ name) }}", "{{ _() }}", "{{ _('a', 'b') }}", "{{ _(*names) }}", "{{ _('a', **names) }}", "{{ _(3) }}",
    "{{ ngettext('one', 'many') }}", "{{ ngettext(name, 'many', 2) }}", "{{ ngettext('one', name, 2) }}", "{{ pgettext(name, 'a') }}",
    "{% set t = _ %}", "{{ names|map(_) }}", "{% for _ in names %}{% endfor %}",
])  # fmt: skip
def test_what_extraction_would_not_find_is_refused_with_its_place(say: RENDER, source: str) -> None:
    with pytest.raises(jinja2.TemplateAssertionError) as refused:
        say("one\ntwo\n" + source, names=[], name_="x")
    assert (refused.value.name, refused.value.lineno) == ("page.html", 3)


@pytest.mark.parametrize("source", [
    "{{ _('Hello %(name)s') }}", "{{ _('Hello %(name)s', nam=1) }}", "{{ _('21% of %(name)s', name=1) }}",
    "{{ _('%(name)5d', name=1) }}", "{{ ngettext('%(a)s', 'b', 1) }}", "{{ ngettext('a', '%(b)s', 1) }}",
])  # fmt: skip
def test_a_text_without_the_values_it_needs_is_refused_when_compiled(say: RENDER, source: str) -> None:
    with pytest.raises(jinja2.TemplateAssertionError, match="does not fit the values"):
        say(source)


@pytest.mark.parametrize(
    "source", ["{{ missing }}", "{{ _('Reading %(value)s of %(meter)s', value=missing, meter=1) }}"]
)
def test_a_missing_variable_is_an_error(say: RENDER, source: str) -> None:
    with pytest.raises(jinja2.UndefinedError):
        say(source)


def test_each_language_has_its_own_filters(say: RENDER) -> None:
    assert [say("{{ 123456|eur }}", lang) for lang in language.LANGUAGES] == [
        "1\u00a0234,56\u00a0€",
        "€1,234.56",
        "1\u00a0234,56\u00a0€",
    ]


def test_a_page_is_rendered_in_the_language_of_the_request_and_a_letter_in_its_own(app: Flask) -> None:
    source = jinja2.DictLoader({"a.html": "{{ language }} {{ _('Hello') }}"})
    for environment in app.extensions["languages"].values():
        environment.loader = source
    with app.test_request_context():
        g.language = "lv"
        assert language.render("a.html") == "lv Labdien"
    with app.app_context():
        assert language.render("a.html", language="ru") == "ru Здравствуйте"


def test_python_speaks_the_language_of_the_request_and_a_letter_that_of_its_reader(app: Flask) -> None:
    with app.test_request_context():
        g.language = "lv"
        with speaking("ru"):
            assert language.text("Hello") == gettext("Hello") == "Здравствуйте"
        assert language.text("Hello") == "Labdien"
        assert language.text("Reading %(value)s of %(meter)s", value="<", meter=2) == "2: rādījums <"


def test_without_a_request_python_speaks_the_first_language_of_the_site(app: Flask) -> None:
    with app.app_context():
        assert language.text("Hello") == "Labdien"


def test_the_apps_own_environment_is_left_alone(app: Flask) -> None:
    with app.test_request_context():
        assert render_template_string("{{ 1 + 1 }}") == "2"
    assert "eur" not in app.jinja_env.filters


@pytest.mark.parametrize(("arg", "profile", "cookie", "chosen"), [
    ("ru", "en", "lv", "ru"), (None, "en", "ru", "en"), (None, None, "ru", "ru"), (None, None, None, "lv"),
    ("de", None, "en", "en"), ("", "", "", "lv"), ("../x", "xx", "ru", "ru"),
])  # fmt: skip
def test_the_language_is_the_link_the_profile_the_cookie_then_the_sites(
    arg: str, profile: str, cookie: str, chosen: str
) -> None:
    assert language.choose_language(arg, profile, cookie, "lv", language.LANGUAGES) == chosen


def test_a_language_that_the_site_does_not_offer_is_not_chosen() -> None:
    assert language.choose_language("ru", "ru", "ru", "lv", ("lv", "en")) == "lv"


@pytest.mark.parametrize(("header", "offered"), [
    ("ru-RU,ru;q=0.9,en;q=0.8", "ru"), ("lv,ru;q=0.9", None), ("en-US", "en"), ("de,fr;q=0.9", None), ("de,ru;q=0.5", "ru"),
    ("en;q=0.2,ru;q=0.7", "ru"), ("", None), (None, None), ("*", None), ("ru;q=0", None), ("RU", "ru"), (";;,=,q", None),
])  # fmt: skip
def test_a_browser_in_another_language_is_offered_it_once(header: str | None, offered: str | None) -> None:
    assert language.offer_language(header, "lv", language.LANGUAGES) == offered


def test_every_language_has_a_locale_and_a_catalogue() -> None:
    assert (
        set(language.LANGUAGES) == set(filters.LOCALES) == {p.name for p in language.TRANSLATIONS.iterdir()}
    )
