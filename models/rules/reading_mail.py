"""Readings told in an e-mail's own words (D26): which numbers are values, and of which dial. Nothing is guessed.

What people write was collected in our own wording (tests/models/rules/test_reading_mail.py); where a signature begins
says RFC 3676, section 4.3, and that ">" quotes, section 4.5. A text is read as labels (customer, flat, room, kind,
meter) and numbers in their order, diacritics and case aside. A label holds until another of its kind or of one above
it; a number is a value where labels have come since the number before, and only one dial fits all that hold. What is
a date, telephone, price, address or number of something is none. Two values for one dial are none, too.
"""

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from models.rules.numbers import NumberProblem, parse_reading

LONGEST = 20_000  # characters of a text
_LINE, _MOST = 200, 20  # characters of a line that are asked what it is; numbers that may be a customer's
_FILE = tomllib.loads((Path(__file__).parent / "reading_mail.toml").read_text("utf-8"))
_P: dict[str, dict[str, str]] = {
    part: {name: re.sub("<<([a-z]+)>>", lambda m: str(_FILE["patterns"][m[1]]), text) for name, text in some.items()}
    for part, some in _FILE.items()
}  # fmt: skip
_LINES = {name: re.compile(pattern) for name, pattern in _P["lines"].items()}
_EARLIER, _JOINED = re.compile(_P["patterns"]["earlier"]), re.compile(_P["patterns"]["joined"])
_Word = tuple[str, tuple[str, ...], str]  # what it is about, what it says, how it is written
_WORDS = [(part[:-1], (*says.split(),), words) for part in ("kinds", "rooms") for says, words in _P[part].items()]
_FIXED = "|".join([*_P["labels"].values(), *_P["others"].values()])


class Spot(NamedTuple):
    """A dial that a value may be of. `labels`: its names by room, kind, meter, name, flat and code; "" unknown."""

    id: int
    digits: int
    decimals: int
    labels: Mapping[str, str]


class _Token(NamedTuple):
    about: str  # "" of a value
    says: frozenset[str]
    start: int
    end: int


def own_words(subject: str, text: str) -> str:
    """What the writer says: no history of a conversation, no signature; of what is passed on that, too."""
    lines, kept, is_passed = text[:LONGEST].splitlines(), list[str](), bool(_LINES["forward"].match(subject))
    for line, after in pairwise([*lines, ""]):
        bare = line.lstrip("> ")
        if _LINES["passed"].match(bare[:_LINE]):
            is_passed = True
        elif is_passed and not _LINES["header"].match(bare[:_LINE]):
            kept.append(bare)
        elif not is_passed and _is_history(line, after):
            break
        elif not is_passed and not line.startswith(">"):
            kept.append(line)
    return "\n".join(kept)


def _is_history(line: str, after: str) -> bool:
    """Whether what follows is a signature or what others wrote; who wrote it may stand on two lines."""
    line, after = line[:_LINE], after[:_LINE]
    if _LINES["ends"].match(line + "\n") or all(_LINES["header"].match(one) for one in (line, after)):
        return True
    return bool(_LINES["wrote"].search(line) or (_LINES["several"].search(line) and _LINES["wrote"].search(after)))


def codes(text: str) -> list[str]:
    """What may be the number of a customer or of a meter, in its order."""
    found = re.findall(r"(?<![\w.,+-])[A-Za-z]{0,4}[-/]?[0-9][\w/-]{2,30}(?![.,]?\w)", text)
    return [*dict.fromkeys(found)][:_MOST]


def propose(text: str, spots: Sequence[Spot], others: Sequence[str] = ()) -> dict[int, str]:
    """The values by dial, as they are written; never raises, and says nothing that is not in the text.

    `others`: codes of customers that may be in it, too.
    """
    text = text[:LONGEST]
    found: dict[int, set[str]] = {}
    for start, end, fits in _bound(_folded(text), [spot._replace(labels=_named(spot)) for spot in spots], others):
        for spot in fits:
            found.setdefault(spot.id, set()).add(text[start:end])
    sure: dict[int, str] = {}
    for spot in spots:
        with suppress(NumberProblem):
            value, *more = found.get(spot.id, ("",))
            parse_reading(value, spot.digits, spot.decimals)
            sure |= {} if more else {spot.id: value}
    return sure


def _named(spot: Spot) -> dict[str, str]:
    names = {name: _folded(value).strip() for name, value in spot.labels.items()}
    room = next((one for one, words in _P["rooms"].items() if re.match(words, names["room"])), names["room"])
    return names | {"room": room}


def _folded(text: str) -> str:
    """The text without case and diacritics, sign for sign in its place."""
    return "".join((unicodedata.normalize("NFKD", sign.casefold()) or " ")[0] for sign in text)


def _bound(text: str, spots: Sequence[Spot], others: Sequence[str]) -> Iterator[tuple[int, int, Sequence[Spot]]]:
    """Each number, from where to where, and the dial that it is of; one more for the same dial makes that unsure."""
    holds: dict[str, frozenset[str]] = {}
    new: set[str] = set()  # what the labels since the last number are about
    is_first, until = True, 0
    for line in _lines(text, spots, others):
        last: Sequence[Spot] = ()
        for about, says, start, end in line:
            if about:
                between = text[until:start] if about in new and 0 < start - until < 20 else ""
                both = says | holds.get(about, says) if _JOINED.fullmatch(between) else says
                names = [*holds, about]  # what stood below the one before it holds no more
                holds = {name: holds[name] for name in names[: names.index(about)]} | {about: both}
                new.add(about)
                until = end
                continue
            if new or is_first:
                last, new, is_first = _fitting(spots, holds, new), set(), False
            yield start, end, last


def _fitting(spots: Sequence[Spot], holds: Mapping[str, frozenset[str]], new: set[str]) -> Sequence[Spot]:
    """The one dial that all labels fit, or else the newest ones and those of the customer and flat; or none."""
    for names in (holds.keys(), holds.keys() & {*new, "flat", "code"}):
        fits = [one for one in spots if all(one.labels.get(name, "") in ("", *holds[name]) for name in names)]
        if fits:
            return fits if len(fits) == 1 else ()
    return ()


def _lines(text: str, spots: Sequence[Spot], others: Sequence[str]) -> Iterator[list[_Token]]:
    """The tokens of each line; where labels stand behind their numbers, before them."""
    names = ("meter", "code", "room", "name")
    own = {name: {one.labels.get(name, "") for one in spots} - {"", *_P["rooms"]} for name in names}
    own["code"] |= {_folded(one) for one in others}
    words = [(name, (one,), re.escape(one)) for name, some in own.items() for one in sorted(some)] + [*_WORDS]
    named = "|".join(f"(?P<w{place}>{pattern})" for place, (*_, pattern) in enumerate(words))
    every = re.compile(rf"(?<!\w)(?:(?:{named})(?!\w)|{_FIXED})|(?P<value>{_P['patterns']['value']})")
    text = _EARLIER.sub(lambda m: m[0] if m[2] in own["meter"] | own["code"] else m[1] + "_" * len(m[2]), text)
    place = 0
    for line in text.split("\n"):
        found = every.finditer(text, place, place := place + len(line))
        place += 1
        yield _turned([token for one in found for token in _tokens(one, words, own["meter"])], text, own["meter"])


def _tokens(found: re.Match[str], words: Sequence[_Word], meters: set[str]) -> Iterator[_Token]:
    """What a match says, if anything."""
    said = {name: value for name, value in found.groupdict().items() if value}
    name, value = next(iter(said.items()), ("", ""))
    if name == "value":
        yield _Token("", frozenset(), *found.span())
    elif name in ("meter", "tail"):  # by its number or the last digits of it; another's is no meter of these
        theirs = [one for one in meters if one == value or (len(value) > 3 and one.endswith(value))]
        if theirs or len(value) > 3:
            yield _Token("meter", frozenset(theirs or [value]), *found.span())
    elif name:
        about, says = words[int(name[1:])][:2] if name[0] == "w" else ("code" if name == "code" else "flat", (value,))
        yield _Token(about, frozenset(says), *found.span())


def _turned(tokens: list[_Token], text: str, meters: set[str]) -> list[_Token]:
    """A line in which labels stand behind their numbers is turned; where that cannot be told its numbers are none.

    The last digits of a meter before a number, as on a list, are no number.
    """
    places = [place for place, one in enumerate(tokens) if not one.about]
    if not places:
        return tokens
    first = text[tokens[places[0]].start : tokens[places[0]].end]
    if places[0] == 0 and places[1:] and len(first) > 3 and any(one.endswith(first) for one in meters):
        its = frozenset(one for one in meters if one.endswith(first))
        return [_Token("meter", its, *tokens[0][2:]), *tokens[1:]]
    before, behind = tokens[: places[0]], {one.about for one in tokens[places[0] :]} - {""}
    if not behind or behind & {one.about for one in before}:
        return tokens
    if not tokens[-1].about:
        return [one for one in tokens if one.about]
    turned = ((*tokens[value + 1 : after], tokens[value]) for value, after in pairwise([*places, len(tokens)]))
    return [*before, *(one for some in turned for one in some)]
