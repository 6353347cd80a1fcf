"""Words of a search by staff (H05): as they are kept, as they are asked for, and why something was found.

Diacritics and case do not matter (`models.rules.articles.fold`). In conversations a word of letters alone counts by its
first six, so that most endings are forgiven and no search has to gather all words with one beginning: what is shorter
is found by an index of beginnings of three to five letters. A word with a digit counts whole.
"""

import re
from collections.abc import Iterable
from textwrap import shorten

from models.rules.articles import fold

WORDS, LONGEST = 6, 200  # of a search, and its characters: more tell nothing new
LETTERS, EVERY = 6, 64  # of a word in a conversation; of any other, and longer ones are no words
_KEPT = 200_000  # characters of one conversation: of more PostgreSQL makes no tsvector
_AROUND = 60  # characters of an excerpt before the word, and with it after it
_WORD = re.compile(r"[^\W_]+")
_NUMBER = re.compile(r"(?:n[or] )?([0-9]{1,9})")  # "No. 123", "Nr. 123", "№ 123", "123"
_PHONE = re.compile(r"(?:\+?371)?([0-9]{8})")
# Words of nearly every address. PostgreSQL would gather all rows that have one, to leave those with the other words.
_STREET = {"iela", "ielas", "prospekts", "bulvaris", "gatve", "laukums", "cels", "soseja", "pagasts", "novads"}
Term = tuple[str, bool]  # a folded word, and whether what begins with it is meant, too


def words(text: str, letters: int = EVERY) -> list[str]:
    """The folded words of a text, each once; the hyphen of "12-34" parts them as the dash of an address does."""
    found = fold(text.replace("-", " ")).split()
    return [*dict.fromkeys(word[:letters] if word.isalpha() else word[:EVERY] for word in found)]


def kept(texts: Iterable[str | None], letters: int = EVERY) -> str:
    """Texts as an index keeps them: their words by so many letters, parted by single spaces."""
    return " ".join(dict.fromkeys(word for text in texts if text for word in words(text, letters)))[:_KEPT].rstrip()


def of_customer(code: str | None, name: str | None, email: str | None, phone: str | None) -> str:
    """A customer as an index keeps her; her telephone also in one word."""
    digits = "".join(sign for sign in phone or "" if sign.isdecimal())
    return kept((code, name, email, phone, digits[-8:]))


def terms(text: str, letters: int = EVERY) -> list[Term]:
    """What to look for; nothing where the text has no word. Of customers (all letters count) numbers may be begun."""
    text = text[:LONGEST]
    phone = _PHONE.fullmatch(re.sub(r"[\s()-]", "", text)) if letters == EVERY else None
    found = [phone[1]] if phone else words(text, letters)[:WORDS]
    return [(word, len(word) > 2 and (letters == EVERY or word.isalpha())) for word in found]


def number(text: str) -> int | None:
    """The number of a conversation, where the text is nothing else."""
    found = _NUMBER.fullmatch(fold(text[:LONGEST].replace("-", " ")))
    return int(found[1]) if found else None


def asked(dialect: str, wanted: Iterable[Term], letters: int) -> dict[str, object]:
    """The values of a statement: of SQLite a query of FTS5, of PostgreSQL a tsquery, and patterns for kept words.

    `likes`: of all; `rest`: of those which the query leaves out.

    They have nothing but words in quotation marks: no operator that was typed is one.
    """
    found = [(word, begun and len(word) < letters) for word, begun in wanted]
    if dialect == "sqlite":
        return {"query": " AND ".join(f'"{word}"{"*" * begun}' for word, begun in found)}
    telling = [term for term in found if term[0] not in _STREET] or found
    query = " & ".join(f"'{word}'{':*' * begun}" for word, begun in telling)
    likes = {term: f"% {term[0]}{'%' if term[1] else ' %'}" for term in found}
    return {"query": query, "likes": [*likes.values()], "rest": [likes[term] for term in found if term not in telling]}


def covered(text: str | None, wanted: Iterable[Term]) -> set[Term]:
    """Those of the terms that are in a text."""
    found = words(text or "")
    return {term for term in wanted if any(one.startswith(term[0]) if term[1] else one == term[0] for one in found)}


def excerpt(text: str, wanted: Iterable[Term]) -> str:
    """A piece of a text around the first word that was looked for; "" where there is none."""
    if not (hits := tuple(word for word, _ in covered(text, wanted))):
        return ""
    place = next(n for n, one in enumerate(fold(text.replace("-", " ")).split()) if one.startswith(hits))
    starts = [one.start() for one in _WORD.finditer(text)]  # as many as are folded, but for the strangest signs
    at = starts[min(place, len(starts) - 1)]
    before = "…" + text[at - _AROUND : at].partition(" ")[2] if at > _AROUND else text[:at]
    return shorten(before + text[at : at + 2 * _AROUND], 2 * _AROUND, placeholder="…")
