"""Everything that the sources say is said in Latvian and Russian, whole, in the words of the glossary."""

from collections.abc import Callable
from gettext import GNUTranslations
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from flask import Flask

from scripts import messages
from tests import catalogue_lint as lint
from tests import glossary
from views.filters import RIGA
from views.folding import Fold
from views.language import LANGUAGES, TRANSLATIONS, LanguageEnvironment, catalogue, translations

TRANSLATED = ("lv", "ru")
SOURCES = messages.extract()
REAL = {language: catalogue(language) for language in LANGUAGES}


def refuse(problems: list[str]) -> None:
    """Fail with one problem a line."""
    assert not problems, f"{len(problems)} problem(s):\n" + "\n".join(problems)


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_catalogue_has_the_texts_of_the_sources_and_no_others(language: str) -> None:
    refuse(lint.stale(SOURCES, REAL[language]))


def test_the_english_catalogue_has_the_plurals_of_the_sources_and_no_others() -> None:
    plurals = Catalog()
    for message in SOURCES:
        if message.pluralizable:
            plurals.add(message.id, context=message.context)
    refuse(lint.stale(plurals, REAL["en"]))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_translated_in_all_its_forms(language: str) -> None:
    refuse(lint.incomplete(REAL[language]))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_form_has_the_placeholders_of_its_text(language: str) -> None:
    refuse(lint.misplaced(REAL[language]))


@pytest.mark.parametrize("catalog", [SOURCES, *REAL.values()], ids=["sources", *REAL])
def test_no_text_contains_markup(catalog: Catalog) -> None:
    refuse(lint.marked_up(catalog))


@pytest.mark.parametrize(("language", "other"), [("lv", "ru"), ("ru", "lv")])
def test_no_text_is_left_in_another_language(language: str, other: str) -> None:
    refuse(lint.untranslated(REAL[language], REAL[other]))


@pytest.mark.parametrize("language", TRANSLATED)
def test_the_terms_are_those_of_the_glossary(language: str) -> None:
    refuse(lint.off_glossary(REAL[language], language))


@pytest.mark.parametrize("language", LANGUAGES)
def test_collecting_again_changes_no_file(language: str) -> None:
    assert messages.update(language, SOURCES) == messages.po_file(language).read_bytes()


@pytest.mark.parametrize(("language", "numbers"), [
    ("lv", {0: 0, 1: 1, 2: 2, 10: 0, 11: 0, 19: 0, 20: 0, 21: 1, 22: 2, 100: 0, 101: 1, 111: 0}),
    ("ru", {0: 2, 1: 0, 2: 1, 5: 2, 11: 2, 12: 2, 21: 0, 22: 1, 25: 2, 101: 0, 111: 2}),
    ("en", {0: 1, 1: 0, 2: 1, 11: 1, 21: 1}),
])  # fmt: skip
def test_the_plural_rule_is_the_one_agreed(language: str, numbers: dict[int, int]) -> None:
    assert {number: translations(language).plural(number) for number in numbers} == numbers


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_texts_are_those_that_gettext_itself_reads(language: str) -> None:
    compiled = BytesIO()
    write_mo(compiled, catalogue(language))
    compiled.seek(0)
    theirs, ours = GNUTranslations(compiled)._catalog, translations(language)._catalog
    assert ours == {key: text for key, text in theirs.items() if key} and ours


def made_up(*texts: tuple[object, object], **options: object) -> Catalog:
    """A Latvian catalogue of a few texts."""
    catalog = Catalog(locale="lv")
    for msgid, text in texts:
        catalog.add(msgid, text, **options)
    return catalog


ONE = ("%(num)d day", "%(num)d days")
BAD: list[tuple[str, Callable[[Catalog], list[str]], tuple[object, object], str]] = [
    ("empty", lint.incomplete, ("Hello", ""), "form"),
    ("blank", lint.incomplete, ("Hello", "  "), "form"),
    ("plural form missing", lint.incomplete, (ONE, ("%(num)d dienu", "%(num)d diena", "")), "3 form"),
    ("too few plural forms", lint.incomplete, (ONE, ("%(num)d diena", "%(num)d dienas")), "3 form"),
    ("placeholder missing", lint.misplaced, ("Until %(date)s", "Līdz"), "date"),
    ("placeholder renamed", lint.misplaced, ("Until %(date)s", "Līdz %(datums)s"), "date"),
    ("placeholder broken", lint.misplaced, ("Until %(date)s", "Līdz %(date) s"), "date"),
    ("stray percent sign", lint.misplaced, ("%(a)s of it", "%(a)s % no tā"), "'a'"),
    ("number missing in one form", lint.misplaced, (("One day", "%(num)d days"), ("%(num)d dienu", "Viena diena", "%(num)d dienas")), "num"),
    ("markup in the translation", lint.marked_up, ("Hello", "<b>Labdien</b>"), "markup"),
    ("markup in the text", lint.marked_up, ("Hello<br>", "Labdien"), "markup"),
    ("an entity", lint.marked_up, ("Hello", "Labdien&nbsp;"), "markup"),
    ("a word otherwise", lambda c: lint.off_glossary(c, "lv"), ("Meter number", "Mērītāja numurs"), "skaitītāj"),
    ("a word otherwise in a plural", lambda c: lint.off_glossary(c, "lv"), (("%(num)d invoice", "%(num)d invoices"), ("%(num)d rēķinu", "%(num)d kvīts", "%(num)d rēķini")), "kvīts"),
    ("a forbidden word", lambda c: lint.off_glossary(c, "lv"), ("New message", "Jauns paziņojums"), "must not"),
    ("a checked meter in Russian", lambda c: lint.off_glossary(c, "ru"), ("The verification expired", "Срок поверки истёк: проверка"), "must not"),
    ("the account for the invoice", lambda c: lint.off_glossary(c, "ru"), ("Invoice", "Квитанция"), "счет"),
    ("left in English", lambda c: lint.untranslated(c, Catalog()), ("Hello", "Hello"), "same as its English"),
    ("Russian in Latvian", lambda c: lint.untranslated(c, made_up(("Hello", "Здравствуйте"))), ("Hello", "Здравствуйте"), "two languages"),
    ("not in the sources", lambda c: lint.stale(Catalog(), c), ("Hello", "Labdien"), "no source"),
    ("not in the catalogue", lambda c: lint.stale(c, Catalog()), ("Hello", "Labdien"), "lacks"),
]  # fmt: skip


@pytest.mark.parametrize(("check", "text", "said"), [case[1:] for case in BAD], ids=[case[0] for case in BAD])
def test_the_lint_finds(
    check: Callable[[Catalog], list[str]], text: tuple[object, object], said: str
) -> None:
    problems = check(made_up(text))
    assert len(problems) == 1 and said in problems[0]


def test_the_lint_finds_a_doubtful_translation() -> None:
    assert lint.incomplete(made_up(("Hello", "Labdien"), flags=["fuzzy"])) == ["'Hello' is marked fuzzy"]


def test_the_lint_finds_nothing_in_a_good_catalogue() -> None:
    good = made_up(
        ("Hello", "Labdien"),
        ("IBAN", "IBAN"),
        ("%(share)s%% of the building meter", "%(share)s%% no mājas kopējā skaitītāja"),
        ("21% VAT", "21% PVN"),
        ("Messages and notices", "Ziņojumi un paziņojumi"),
        (ONE, ("%(num)d dienu", "%(num)d diena", "%(num)d dienas")),
    )
    checks = [lint.incomplete, lint.misplaced, lint.marked_up, lambda c: lint.off_glossary(c, "lv")]
    assert [check(good) for check in checks] == [[]] * 4
    assert lint.untranslated(good, made_up(("Hello", "Здравствуйте"))) == lint.stale(good, good) == []


def test_of_two_terms_at_one_place_the_longer_counts() -> None:
    assert [term.english for term in lint.terms_of("The building meters and a meter of %(user)s")][:2] == [
        "building meter",
        "meter",
    ]
    assert [term.english for term in lint.terms_of("Measures of a perimeter")] == []


def test_every_exception_of_the_glossary_is_needed_and_has_a_reason() -> None:
    said = {
        (entry.msgid, term.english) for entry in lint.entries(SOURCES) for term in lint.terms_of(entry.plural)
    }
    assert set(glossary.EXCEPTIONS) <= said and all(glossary.EXCEPTIONS.values())


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A small project with texts in two templates and a module."""
    sources = {
        "templates/a.html": "{{ _('Hello') }} {{ pgettext('person', 'Account') }} {{ _('Hello') }}",
        "templates/mail/b.txt": "\n\n{{ ngettext('%(num)d day', '%(num)d days', n) }} {{ _(x ~ 'no') }}",
        "views/c.py": "from views.language import text\ntext('Your invoice')\nsa.text('SELECT 1')\n",
        "views/d.py": "from sqlalchemy import text\ntext('SELECT 1')\n",
    }
    for name, source in sources.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(source)
    for language in LANGUAGES:
        head = messages.po_file(language).read_text().partition("\n\n")[0]
        messages.po_file(language, tmp_path).parent.mkdir(parents=True)
        messages.po_file(language, tmp_path).write_text(
            head + '\n\nmsgid "Hello"\nmsgstr "Labdien"\n\nmsgid "Gone"\nmsgstr "Nav"\n'
        )
    return tmp_path


def test_texts_are_collected_from_templates_and_python(tree: Path) -> None:
    found = [(m.context, m.id) for m in messages.extract(tree) if m.id]
    assert found == [(None, "Hello"), ("person", "Account"), (None, ONE), (None, "Your invoice")]


def test_collecting_keeps_translations_drops_what_is_gone_and_is_stable(tree: Path) -> None:
    path = messages.po_file("lv", tree)
    path.write_bytes(messages.update("lv", messages.extract(tree), tree))
    first = path.read_bytes()
    (tree / "templates/a.html").write_text("\n\n\n" + (tree / "templates/a.html").read_text())
    assert messages.update("lv", messages.extract(tree), tree) == first
    assert b"Labdien" in first and b"Gone" not in first and b"nplurals=3" in first
    assert b"#: templates/a.html\n" in first


def test_english_keeps_only_plurals_and_fills_them(tree: Path) -> None:
    messages.po_file("en", tree).write_bytes(messages.update("en", messages.extract(tree), tree))
    with messages.po_file("en", tree).open("rb") as source:
        assert [(m.id, tuple(m.string)) for m in read_po(source, locale="en") if m.id] == [(ONE, ONE)]


def test_a_text_in_python_that_is_not_constant_is_refused_with_its_place(tree: Path) -> None:
    (tree / "views/c.py").write_text("from views.language import text\ntext(name)\n")
    with pytest.raises(ValueError, match=r"c\.py:2"):
        messages.extract(tree)


def test_every_template_says_only_constant_texts() -> None:
    environment = LanguageEnvironment(Flask("views", root_path=str(messages.ROOT)), "lv", RIGA, TRANSLATIONS)
    for name in environment.list_templates():
        source = environment.loader.get_source(environment, name)[0]
        Fold(environment, name, None).visit(environment.parse(source, name))
