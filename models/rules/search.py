"""Words of a search by staff (H05): as they are kept, as they are asked for, and why something was found.

Diacritics and case do not matter (`models.rules.articles.fold`). In conversations a word of letters alone counts by its
first six, so that most endings are forgiven and no search has to gather all words with one beginning: what is shorter
is found by an index of beginnings of three to five letters. A word with a digit counts whole.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from models.rules.articles import fold

WORDS = 6  # of a search; more tell nothing new
LONGEST = 200  # characters of a search
LETTERS = 6  # of a word in a conversation
EVERY = 64  # of any other: longer ones are no words
_AROUND = 60  # characters of an excerpt before the word and after it
_NUMBER = re.compile(r"(?:n[or] )?([0-9]{1,9})")  # "No. 123", "Nr. 123", "№ 123", "123"
_PHONE = re.compile(r"(?:\+?371)?([0-9]{8})")
Term = tuple[str, bool]  # a folded word, and whether what begins with it is meant, too


def words(text: str) -> list[str]:
    """The folded words of a text, each once; the hyphen of "12-34" parts them as the dash of an address does."""
    return [*dict.fromkeys(fold(text.replace("-", " ")).split())]


def kept(texts: Iterable[str | None], letters: int = EVERY) -> str:
    """Texts as an index keeps them: their words by so many letters, parted by single spaces."""
    return " ".join(dict.fromkeys(_cut(word, letters) for text in texts if text for word in words(text)))


def of_customer(code: str | None, name: str | None, email: str | None, phone: str | None) -> str:
    """A customer as an index keeps her; her telephone also in one word."""
    digits = "".join(sign for sign in phone or "" if sign.isdecimal())
    return kept((code, name, email, phone, digits[-8:]))


def _cut(word: str, letters: int) -> str:
    return word[:letters] if word.isalpha() else word[:EVERY]


def terms(text: str, letters: int = EVERY) -> list[Term]:
    """What to look for; nothing where the text has no word. Of customers (all letters count) numbers may be begun."""
    text = text[:LONGEST]
    phone = _PHONE.fullmatch(re.sub(r"[\s()-]", "", text)) if letters == EVERY else None
    found = [phone[1]] if phone else words(text)[:WORDS]
    return [(_cut(word, letters), len(word) > 2 and (letters == EVERY or word.isalpha())) for word in found]


def number(text: str) -> int | None:
    """The number of a conversation, where the text is nothing else."""
    found = _NUMBER.fullmatch(" ".join(words(text[:LONGEST])))
    return int(found[1]) if found else None


def for_sqlite(wanted: Iterable[Term], letters: int) -> str:
    """A query of FTS5, which has nothing but words in quotation marks: no operator that was typed is one."""
    return " AND ".join(f'"{word}"{"*" * _begun(word, begun, letters)}' for word, begun in wanted)


def for_postgres(wanted: Iterable[Term], letters: int) -> str:
    """The same as a tsquery."""
    return " & ".join(f"'{word}'{':*' * _begun(word, begun, letters)}" for word, begun in wanted)


def likes(wanted: Iterable[Term], letters: int) -> list[str]:
    """The same as patterns for the kept words between spaces."""
    return [f"% {word}{'%' if _begun(word, begun, letters) else ' %'}" for word, begun in wanted]


def _begun(word: str, begun: bool, letters: int) -> bool:
    return begun and len(word) < letters


def covered(text: str | None, wanted: Iterable[Term]) -> set[Term]:
    """Those of the terms that are in a text."""
    return _among(words(text or ""), wanted)


def _among(found: Sequence[str], wanted: Iterable[Term]) -> set[Term]:
    return {term for term in wanted if any(one.startswith(term[0]) if term[1] else one == term[0] for one in found)}


@lru_cache(4096)
def _part(text: str) -> list[str]:
    return words(text)


def excerpt(text: str, wanted: Iterable[Term]) -> str:
    """A piece of a text around the first word that was looked for; "" where there is none."""
    if not (hits := covered(text, wanted)):
        return ""
    parts = re.finditer(rf"[^\s-]{{1,{EVERY}}}", text)
    at = next((one.start() for one in parts if _among(_part(one[0]), hits)), 0)
    begin, end = max(0, at - _AROUND), at + _AROUND
    before, after = text[begin:at], text[at:end]
    if begin:
        before = "…" + before.partition(" ")[2]
    if text[end:]:
        after = (after.rpartition(" ")[0] or after) + "…"
    return " ".join(f"{before}{after}".split())
