"""What is wrong with a catalogue, as lines that a translator can work through."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from babel.messages.catalog import Catalog, Message

from scripts.messages import forms
from tests.glossary import EXCEPTIONS, TERMS, Term

PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]")
MARKUP = re.compile(r"[<>]|&#?\w+;")

# Texts that may be the same in two languages, each with its reason.
SAME = {
    "IBAN": "international name",
    "PDF": "name of a format",
    "EPC": "name of a standard",
    "XLSX": "name of a format",
    "CSV": "name of a format",
    "eParaksts": "trade mark",
    "eParaksts mobile": "trade mark",
    "Smart-ID": "trade mark",
    **dict.fromkeys(("j", "k", "a", "r", "n", "w", "g", "Esc", "Shift+C", "Ctrl+Enter", "Ctrl+Shift+Enter"), "keys of the keyboard"),
    "DEMO": "stamped on every demo page in all languages",
    "Latviešu": "languages are named in themselves",
    "English": "languages are named in themselves",
    "Русский": "languages are named in themselves",
}


class Entry(NamedTuple):
    """A text of the sources and its forms in one language."""

    msgid: str
    plural: str
    context: str | None
    forms: tuple[str, ...]
    fuzzy: bool


def entry(message: Message) -> Entry:
    """A catalogue's message with singular and plural told apart; a text without plural is its own plural."""
    one, many = (message.id, message.id) if isinstance(message.id, str) else message.id
    return Entry(one, many, message.context, forms(message), message.fuzzy)


def entries(catalog: Catalog) -> Iterator[Entry]:
    """All texts of a catalogue without its head."""
    return (entry(message) for message in catalog if message.id)


def keys(catalog: Catalog) -> set[tuple[str | None, str, str]]:
    """What identifies each text."""
    return {(e.context, e.msgid, e.plural) for e in entries(catalog)}


def stale(sources: Catalog, catalog: Catalog) -> list[str]:
    """Texts that the sources say and the catalogue lacks, and the reverse."""
    lacking, gone = keys(sources) - keys(catalog), keys(catalog) - keys(sources)
    found = [f"lacks {key[1]!r} (run `make messages`)" for key in lacking]
    return sorted(found + [f"has {key[1]!r}, which no source says (run `make messages`)" for key in gone])


def incomplete(catalog: Catalog) -> list[str]:
    """Texts that are empty, doubtful or lack a plural form."""
    found = []
    for e in entries(catalog):
        wanted = catalog.num_plurals if catalog.get(e.msgid, e.context).pluralizable else 1
        if e.fuzzy:
            found.append(f"{e.msgid!r} is marked fuzzy")
        if not all(form.strip() for form in e.forms) or len(e.forms) != wanted:
            found.append(f"{e.msgid!r} has not all of its {wanted} form(s): {e.forms}")
    return found


def misplaced(catalog: Catalog) -> list[str]:
    """Forms with other placeholders than the msgid. In a plural all forms need all: Latvian says "one" of 21 too."""
    found = []
    for e in entries(catalog):
        wanted = sorted(PLACEHOLDER.findall(e.plural))
        for form in filter(None, e.forms):
            stray = wanted and "%" in PLACEHOLDER.sub("", form.replace("%%", ""))
            if sorted(PLACEHOLDER.findall(form)) != wanted or stray:
                found.append(f"{e.msgid!r} has not the placeholders {wanted}: {form!r}")
    return found


def marked_up(catalog: Catalog) -> list[str]:
    """Texts with HTML in them."""
    texts = ((e.msgid, text) for e in entries(catalog) for text in (e.msgid, e.plural, *e.forms))
    return sorted({f"{msgid!r} contains markup: {text!r}" for msgid, text in texts if MARKUP.search(text)})


def untranslated(catalog: Catalog, other: Catalog) -> list[str]:
    """Texts equal to their msgid or to the text of another language."""
    there = {(e.context, e.msgid): e.forms for e in entries(other)}
    found = []
    for e in entries(catalog):
        if e.msgid in SAME or not any(e.forms):
            continue
        if set(e.forms) & {e.msgid, e.plural}:
            found.append(f"{e.msgid!r} is the same as its English")
        elif set(e.forms) & set(there.get((e.context, e.msgid), ())):
            found.append(f"{e.msgid!r} is the same in two languages: {e.forms}")
    return found


def terms_of(msgid: str) -> Iterator[Term]:
    """The glossary's terms in an English text; the longer one wins where two overlap."""
    found = [(match.span(), term) for term in TERMS for match in term.words().finditer(msgid)]
    taken: set[int] = set()
    for (start, end), term in sorted(found, key=lambda hit: hit[0][0] - hit[0][1]):
        if taken.isdisjoint(range(start, end)):
            taken.update(range(start, end))
            yield term


def folded(text: str) -> str:
    """Lower case, with ё as е, and without the names of placeholders."""
    return PLACEHOLDER.sub("·", text).casefold().replace("ё", "е")


def off_glossary(catalog: Catalog, language: str) -> list[str]:
    """Texts that say a term otherwise than the glossary."""
    found = []
    for e in entries(catalog):
        terms = dict.fromkeys(terms_of(PLACEHOLDER.sub("·", e.plural)))
        meant = {stem for term in terms for stem in getattr(term, language)}
        for term in terms:
            if (e.msgid, term.english) in EXCEPTIONS:
                continue
            banned = [word for word in term.forbidden if word not in meant]
            found += [f"{e.msgid!r}: {problem}" for problem in term_problems(term, language, e.forms, banned)]
    return found


def term_problems(term: Term, language: str, texts: Iterable[str], banned: list[str]) -> Iterator[str]:
    """Where each text lacks a term's stem or has a banned word."""
    stems = [folded(stem) for stem in getattr(term, language)]
    for text in map(folded, filter(None, texts)):
        if not any(stem in text for stem in stems):
            yield f"“{term.english}” needs {' or '.join(stems)}: {text!r}"
        for word in banned:
            if folded(word) in text:
                yield f"“{term.english}” must not be {word}: {text!r}"
