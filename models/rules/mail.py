"""What may stand in the header of a letter (security rule 15; ASVS 1.3.11)."""

import re
import unicodedata

_ADDRESS = re.compile(r"[^@\s]{1,64}@(?:[^@\s.]{1,63}\.)+[^@\s.]{2,63}")
_SEPARATORS = {"Zl", "Zp"}  # U+2028, U+2029


def header_safe(text: str) -> bool:
    """Whether a name, subject or address can stand in a header: nothing that a mail program may read as a line end.

    Encoded words ("=?utf-8?q?a=0D=0ABcc=3A?=") are refused whole: older readers decode them and then break the line.
    """
    if "=?" in text:
        return False
    return text.isprintable() or not any(  # what is printable has none of those, and most texts are
        unicodedata.category(letter) in _SEPARATORS or unicodedata.category(letter) == "Cc" for letter in text
    )


def address_ok(text: str) -> bool:
    """Whether this can be an e-mail address: one @, a domain with a dot, ASCII, at most 254 characters."""
    return len(text) <= 254 and text.isascii() and header_safe(text) and _ADDRESS.fullmatch(text) is not None
