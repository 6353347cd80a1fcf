"""Passwords before they are hashed: one spelling on every keyboard, and a length that cannot be used against us."""

import unicodedata

LONGEST = 256  # code points; longer input never reaches argon2


def normal_password(password: str) -> str:
    """The password in NFC, cut after LONGEST code points; nothing is trimmed or folded (NIST SP 800-63B-4)."""
    return unicodedata.normalize("NFC", password[: LONGEST + 1])
