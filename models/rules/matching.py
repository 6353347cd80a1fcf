"""Which invoices money at the bank is for: by what the payer wrote, else by whose account and how much (pure).

A wrong match costs more than a look, so whatever is not certain matches nothing.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from models.rules.payments import shares

_TOKEN = re.compile(r"[^\s,;:()\"'„“”«»]+")
_RF = re.compile(r"RF[0-9]{2}[A-Z0-9]{1,21}")  # ISO 11649
_DAY = re.compile(r"[0-9]{4}-[0-9]{1,2}(-[0-9]{1,2})?|[0-9]{1,2}\.[0-9]{1,2}\.[0-9]{2,4}\.?|[0-9]{1,2}[./-][0-9]{4}")


@dataclass(frozen=True)
class Owed:
    """An invoice that money may be for, oldest first among others; `left`: what is to be paid of it, in cents."""

    id: int
    customer_id: int
    names: frozenset[str]  # by `known_as`
    left: int
    brought: int = 0  # what of that is an older debt


def rf_ok(name: str) -> bool:
    """Whether it is a creditor reference with the right check digits."""
    return bool(_RF.fullmatch(name)) and int("".join(str(int(one, 36)) for one in name[4:] + name[:4])) % 97 == 1


def _tokens(text: str) -> list[str]:
    return [token.strip(".-#/№").upper() for token in _TOKEN.findall(text)]


def known_as(*texts: str) -> frozenset[str]:
    """The number and the reference of an invoice, as `names_in` finds them in a text."""
    return frozenset(glue.join(_tokens(text)) for text in texts for glue in ("", " "))


def names_in(text: str) -> set[str]:
    """What in a text may be the number or the reference of an invoice: a word, or a few of them as one."""
    tokens = _tokens(text)
    found = {" ".join(tokens)} | {re.sub(r"^[^0-9]+", "", token) for token in tokens}
    for place, token in enumerate(tokens):
        for width in range(1, 8 if token.startswith("RF") else 4):
            part = tokens[place : place + width]
            found |= {"".join(part), " ".join(part)}
    wrong = {one for one in found if _RF.fullmatch(one.replace(" ", "")) and not rf_ok(one.replace(" ", ""))}
    return {one for one in found - wrong if 1 < len(one) <= 140 and re.search("[0-9]", one)}


def match(
    cents: int, reference: str, text: str, payers: Collection[int], owed: Sequence[Owed]
) -> list[tuple[int, int]]:
    """Invoices with what of the money is for each; nothing where that is not certain.

    `payers`: whose invoices this account has paid before. `owed` holds every invoice that the texts name, and all of
    `payers`.
    """
    if cents <= 0:
        return []
    for said, is_free in ((names_in(reference), False), (names_in(text), True)):
        if found := [one for one in owed if one.names & said]:
            named = {name for one in found for name in one.names & said}
            return _among(found, cents, is_sure=not is_free or any(map(_is_telling, named)))
    alone = [(one.id, cents) for one in owed if one.customer_id in payers and one.left == cents]
    return alone if len(alone) == 1 else []


def _is_telling(name: str) -> bool:
    """Whether it can hardly be a flat, a year, a sum or a day."""
    return len(name) >= 6 and not _DAY.fullmatch(name)


def _among(found: Sequence[Owed], cents: int, *, is_sure: bool) -> list[tuple[int, int]]:
    """Of the invoices that were named: all of them together, the only one with this sum, the only one to be paid."""
    parts = shares((one.customer_id, one.left, one.brought) for one in found)
    if len(found) > 1 and sum(parts) == cents:
        return [(one.id, share) for one, share in zip(found, parts, strict=True) if share]
    if exact := [(one.id, cents) for one in found if one.left == cents]:
        return exact if len(exact) == 1 else []
    is_one = is_sure and len({one.customer_id for one in found}) == 1
    sole = found if len(found) == 1 else [one for one in found if one.left > 0]
    return [(sole[0].id, cents)] if is_one and len(sole) == 1 else []

