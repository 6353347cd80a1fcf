"""Who may register, and what shows that a customer code is one's own (A07, B02; DD-08..10, OG-02, UD-06)."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from models.rules.identifiers import fold_code

LAST = 3  # invoices of each premises whose numbers count: an older one lies in anybody's bin
LONGEST = 64  # characters of a code or number; nothing longer is looked at
_AMOUNT = re.compile(r"([0-9]{1,7})(?:[.,]([0-9]{1,2}))?")  # ASCII only, as for readings


class Registration(BaseModel):
    """The part [registration] of a site's file. An application in person is always possible."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ways: tuple[Literal["identity", "code"], ...] = ()  # by a bank or eParaksts; by the customer code
    proof: Literal["number", "amount"]  # of one of the last invoices, the secret beside the customer code
    code_digits: int | None = Field(None, ge=4, le=16)  # of a customer code; left out: it may have letters
    who: Literal["everybody", "owners"] = "everybody"

    def wrong(self, code: str, secret: str) -> dict[str, str]:
        """What can be no customer code or no secret of this operator: field → "missing" or "shape"."""
        problems = {"code": problem(code, self._code_ok), "secret": problem(secret, self._secret_ok)}
        return {field: problem for field, problem in problems.items() if problem}

    def _code_ok(self, code: str) -> bool:
        """Spaces and hyphens do not matter."""
        if self.code_digits is None:
            return 0 < len(code) <= 32 and code.isprintable()
        return re.fullmatch(rf"[0-9]{{{self.code_digits}}}", code) is not None

    def _secret_ok(self, secret: str) -> bool:
        return secret.isprintable() if self.proof == "number" else cents(secret) is not None


def problem(typed: str, is_ok: Callable[[str], bool]) -> str:
    """What is wrong with a code, number or sum as it was typed: "missing", "shape", or nothing."""
    if len(typed) > LONGEST:
        return "shape"
    folded = fold_code(typed)
    return "" if folded and is_ok(folded) else "shape" if folded else "missing"


@dataclass(frozen=True)
class Printed:
    """What a person can read on one of her invoices; sums in cents."""

    premises_id: int
    number: str
    total: int
    payable: int


@dataclass(frozen=True)
class Known:
    """A customer as the billing data know her; invoices newest first."""

    code: str
    owns: bool  # a flat, today
    invoices: Sequence[Printed]


def may_register(rules: Registration, owns: bool) -> bool:
    """Whether somebody may register at all: at some operators only owners may (OG-02)."""
    return owns or rules.who == "everybody"


def proves(rules: Registration, known: Known, code: str, secret: str) -> bool:
    """Whether code and secret, as they were typed, are those of this customer, who may register.

    The number of one of the last invoices of each premises, or one of the two sums of the very last; a sum of
    nothing, which anybody could guess, proves nothing.
    """
    if max(len(code), len(secret)) > LONGEST or not fold_code(code) or fold_code(code) != fold_code(known.code):
        return False
    right = numbers(known.invoices) if rules.proof == "number" else amounts(known.invoices)
    typed = fold_code(secret) if rules.proof == "number" else cents(secret)
    return may_register(rules, known.owns) and bool(typed) and typed in right


def numbers(invoices: Sequence[Printed]) -> set[str | int]:
    """The numbers of the last invoices of each premises, folded."""
    return {fold_code(one.number) for own in _by_premises(invoices) for one in own[:LAST]}


def amounts(invoices: Sequence[Printed]) -> set[str | int]:
    """The sums above zero on the last invoice of each premises."""
    return {sum_ for own in _by_premises(invoices) for sum_ in (own[0].total, own[0].payable) if sum_ > 0}


def billed(invoices: Sequence[Printed], number: str, amount: str) -> int | None:
    """The premises of the invoice with this number and this sum, one of the last of its premises; else None."""
    last = [one for own in _by_premises(invoices) for one in own[:LAST] if fold_code(one.number) == fold_code(number)]
    sum_ = cents(amount) or None  # nothing is no sum that anybody knows
    return next((one.premises_id for one in last if sum_ in (one.total, one.payable)), None)


def cents(typed: str) -> int | None:
    """A sum as people write it ("82,28", "1 082.28 €") in cents; None for anything else."""
    plain = re.sub(r"[\s'’\u20ac]|eur", "", typed, flags=re.IGNORECASE)
    match = _AMOUNT.fullmatch(plain)
    return int(match[1]) * 100 + int((match[2] or "").ljust(2, "0")) if match else None


def _by_premises(invoices: Sequence[Printed]) -> Iterator[list[Printed]]:
    """The invoices of each premises, in their order."""
    for _, own in groupby(sorted(invoices, key=lambda one: one.premises_id), key=lambda one: one.premises_id):
        yield [*own]
