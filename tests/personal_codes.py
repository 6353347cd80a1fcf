"""Whether a text can be a Latvian personal code: what the people of the demonstration are held to."""

import re
from datetime import date

_PERSONAL_CODE = re.compile(r"([0-9]{6})-?([0-9]{5})")
_WEIGHTS = (1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CENTURIES = {"0": 1800, "1": 1900, "2": 2000}


def personal_code_ok(text: str) -> bool:
    """True when the text can be a Latvian personal code, with or without its hyphen.

    Old form: day, month, year, the century as a digit, three digits, a check digit. New form (since 2017):
    32 to 39 and nine random digits, nothing to check. Genuine test identities fail this: use it to warn
    somebody who types, never to refuse what an identity provider says (identity-and-money.md §3.11).
    """
    match = _PERSONAL_CODE.fullmatch(text.strip())
    if not match:
        return False
    code = match[1] + match[2]
    if "32" <= code[:2] <= "39":
        return True
    try:
        date(_CENTURIES[code[6]] + int(code[4:6]), int(code[2:4]), int(code[:2]))
    except (KeyError, ValueError):
        return False
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, code, strict=False))
    return (1101 - total) % 11 % 10 == int(code[10])
