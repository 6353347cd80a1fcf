"""What a password may be (decisions.md 12; NIST SP 800-63B-4 3.1.1.2): long enough, not common, not one's own name."""

import unicodedata
from collections.abc import Iterable
from functools import cache

LONGEST = 256  # code points; longer input never reaches argon2
RULES = ("length", "common", "own")  # in the order in which pages list them
_GUESSED = 2  # a zxcvbn score below it: a machine guesses it in hours
_LOOKED_AT = 72  # characters; zxcvbn's time grows with the square


def normal_password(password: str) -> str:
    """The password in NFC, cut after LONGEST code points; nothing is trimmed or folded (NIST SP 800-63B-4)."""
    return unicodedata.normalize("NFC", password[: LONGEST + 1])


def broken_rules(password: str, least: int, own: Iterable[str]) -> list[str]:
    """Which of RULES a new password breaks. `least`: characters; `own`: the person's name, e-mail, codes.

    The whole password is compared, never a part of it, and nothing about its composition is asked.
    """
    secret = normal_password(password)
    names = {_folded(name) for name in own if name}
    broken = {
        "length": not least <= len(secret) <= LONGEST,
        "common": not secret or _is_common(secret, names),
        "own": not secret or _folded(secret) in names,
    }
    return [rule for rule in RULES if broken[rule]]


def _is_common(secret: str, names: set[str]) -> bool:
    # Here, because its word lists take 0.1 s to load, and many processes never ask.
    from zxcvbn import zxcvbn  # type: ignore[import-untyped]

    return _folded(secret) in _common() or zxcvbn(secret[:_LOOKED_AT], user_inputs=[*names])["score"] < _GUESSED


@cache
def _common() -> frozenset[str]:
    from zxcvbn.frequency_lists import FREQUENCY_LISTS  # type: ignore[import-untyped]  # as above

    return frozenset(FREQUENCY_LISTS["passwords"])


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold().strip()
