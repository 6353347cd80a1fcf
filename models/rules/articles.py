"""Help articles as they are written and as they are searched (G05, G07): a small markup, and words that forgive.

The markup is paragraphs, `## headings`, lists of `- ` or `1. ` and `[words](/path)`; a blank line parts them. It
becomes plain data, which a template escapes like any other: no HTML is ever made here, and none gets through.
"""

import re
import unicodedata
from collections.abc import Collection, Iterator

Piece = tuple[str, str]  # words, and the address that they lead to or ""
Block = tuple[str, list[list[Piece]]]  # h2, p, ul or ol, and its lines; of a list each is an item

WORDS = 6  # of a search; more tell nothing new
LONGEST = 60  # characters of a search
_MARKS = {"h2": r"## +", "ul": r"- +", "ol": r"\d+\. +"}
_ADDRESS = r"/(?![/\\])[\w/.#?=&-]*|https://[\w.-]+(?:/[\w/.#?=&%-]*)?"
_LINK = re.compile(rf"\[([^\[\]]+)\]\(({_ADDRESS})\)", re.ASCII)
_WORD = re.compile(r"[^\W_]+")
_ONE_LETTER = re.compile(r"(?<!\w)(\w)-(?=\w)")  # e-mail is typed as email, too
_PERSONAL = re.compile(r"@|\d{4}")  # an e-mail address, a personal code, a telephone or customer number


def blocks(body: str) -> list[Block]:
    """The body of an article. What is no known markup, or leads anywhere but here or to https, stays plain text."""
    return [_block(part.splitlines()) for part in re.split(r"\n\s*\n", body.strip()) if part]


def _block(lines: list[str]) -> Block:
    tag = next((tag for tag, mark in _MARKS.items() if re.match(mark, lines[0])), "p")
    items: list[str] = []
    for line in lines:
        begins = tag != "p" and re.match(_MARKS[tag], line)
        if begins or not items:
            items.append(line[begins.end() :] if begins else line)
        else:
            items[-1] += f" {line.strip()}"
    return tag, [pieces(item) for item in items]


def pieces(text: str) -> list[Piece]:
    """The words of a line with their links."""
    parts = _LINK.split(text)  # plain, words, address, plain, words, address, …, plain
    linked = zip(parts[::3], [*parts[1::3], ""], [*parts[2::3], ""], strict=True)
    found = [piece for plain, words, address in linked for piece in ((plain, ""), (words, address))]
    return [piece for piece in found if piece[0]]


def faults(body: str) -> Iterator[tuple[int, str]]:
    """What its writer meant otherwise: the number of the line, from 1, and what is expected."""
    for number, line in enumerate(body.splitlines(), 1):
        plain = "".join(words for words, address in pieces(line) if not address)
        if "](" in plain:
            yield number, "expected a link as [words](/path) or [words](https://…), in one line"
        if re.match(r"#(?!# +\S)", line) or re.search(r"</?\w|\*\*", line):
            yield number, "expected paragraphs, “## headings”, lists of “- ” or “1. ” and links, no other markup"
        if not line.isprintable():
            yield number, "expected text without control characters"


def fold(text: str) -> str:
    """The words of a text, parted by single spaces, without case, diacritics, and whatever is no letter or digit."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    bare = "".join(sign for sign in plain if not unicodedata.combining(sign))
    return " ".join(_WORD.findall(_ONE_LETTER.sub(r"\1", bare)))


def searched(text: str) -> list[str]:
    """The folded words that count in a search, at most `WORDS`: the short ones only where there is no other."""
    words = [*dict.fromkeys(fold(text[:LONGEST]).split())]
    return ([word for word in words if len(word) > 2] or words)[:WORDS]


def kept(text: str) -> str | None:
    """How a search without a hit is kept; None for one that is too short or long, or may say who somebody is."""
    folded = fold(text[: LONGEST + 1])  # no more: to fold takes the longer, the stranger a text is
    return folded if 3 <= len(folded) <= LONGEST >= len(text) and not _PERSONAL.search(text) else None


def stem(word: str) -> str:
    """A folded word without its ending, as the three languages decline it; never shorter than three letters."""
    return word[: max(3, len(word) - (2 if len(word) > 5 else 1))]


def rank(words: Collection[str], title: str, text: str, *, forgiving: bool = False) -> int:
    """How well folded words suit an article with this folded title and text: 0 unless half of them are in it.

    `forgiving`: also but for one letter.
    """
    parts = [({*title.split()}, 3), ({*text.split()}, 1)]
    points = [sum(weight * _found(word, tokens, forgiving) for tokens, weight in parts) for word in words]
    hits = sum(point > 0 for point in points)
    return hits * 100 + sum(points) if hits * 2 >= len(words) else 0


def _found(word: str, tokens: Collection[str], forgiving: bool) -> int:
    """2: a token begins with the word; 1: but for one letter."""
    begin = stem(word)
    if any(token.startswith(begin) for token in tokens):
        return 2
    return int(forgiving and any(_near(word, token) or _near(begin, token[: len(begin)]) for token in tokens))


def _near(one: str, other: str) -> bool:
    """Whether words of five letters or more differ by one letter: another, one more, one less, or two exchanged."""
    short, long = sorted((one, other), key=len)
    if len(short) < 4 or len(long) < 5 or len(long) - len(short) > 1:
        return False
    same = next((n for n, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short))
    rest = len(short) - same
    tail = short[same + (len(long) == len(short)) :]
    swapped = len(short) == len(long) and rest > 1 and short[same : same + 2] == long[same : same + 2][::-1]
    return long[same + 1 :] == tail or (swapped and short[same + 2 :] == long[same + 2 :])
