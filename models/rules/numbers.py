"""What a person typed as a meter reading, as exact thousandths, and back."""

import re

LONGEST = 64  # characters; nothing longer is a reading, and nothing longer is looked at

# People group digits with all sorts of spaces and apostrophes; they mean nothing wherever they stand.
_IGNORED = dict.fromkeys(map(ord, " \u00a0\u2007\u2008\u2009\u200a\u202f\u205f'‘’ʼ"))
_SHAPE = re.compile(r"(?=.*[0-9])[0-9.,]+")  # ASCII only: int() and Decimal() take ١٢, 1_000 and nan


class NumberProblem(ValueError):
    """A text is no reading: empty, not_a_number, two_separators, too_many_decimals or too_many_digits."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def parse_reading(text: str, digits: int, decimals: int) -> int:
    """A typed reading in thousandths of its unit (D03; LU-28, LU-29; ux.md §5.3; security.md 14).

    `digits` stand before the comma on this dial and `decimals` (0 to 3) after it. Comma or dot in every
    language; zeros in front and behind may be there or not; "126," and ",5" are numbers.
    Raises NumberProblem and nothing else.
    """
    if len(text) > LONGEST:
        raise NumberProblem("not_a_number")
    plain = text.strip().translate(_IGNORED)
    if not plain:
        raise NumberProblem("empty")
    if not _SHAPE.fullmatch(plain):
        raise NumberProblem("not_a_number")
    whole, *parts = re.split("[.,]", plain)
    if len(parts) > 1:
        raise NumberProblem("two_separators")
    whole, fraction = whole.lstrip("0"), "".join(parts).rstrip("0")
    if len(fraction) > min(decimals, 3):
        raise NumberProblem("too_many_decimals")
    if len(whole) > digits:
        raise NumberProblem("too_many_digits")
    return int(whole + fraction.ljust(3, "0"))


def format_plain(thousandths: int, decimals: int) -> str:
    """Thousandths with a dot, for exports and logs: "126.500"; more decimals where the value has them."""
    whole, rest = divmod(abs(thousandths), 1000)
    fraction = f"{rest:03}".rstrip("0").ljust(decimals, "0")
    return f"{'-' if thousandths < 0 else ''}{whole}{'.' if fraction else ''}{fraction}"
