"""Identifiers as people type them: IBAN, personal code, telephone, customer code and login name, checked and folded."""

import re
import unicodedata

_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")
_LATVIAN_IBAN = re.compile(r"LV[0-9]{2}[A-Z]{4}[A-Z0-9]{13}")  # 21 characters
# Latvian numbers have eight digits (2: mobile, 6: land line, 5, 7 to 9: services); all others at most 15 (ITU E.164).
_PHONE = re.compile(r"\+371[25-9][0-9]{7}|\+(?!371|0)[0-9]{7,15}")
_LOOKALIKES = str.maketrans("АВЕКМНОРСТХУ", "ABEKMHOPCTXY")  # Cyrillic capitals to the Latin ones they look like
_DROPPED = re.compile(r"[\s\u00ad\u2010-\u2015\u2212-]")  # spaces and everything that looks like a hyphen


def iban_ok(text: str) -> bool:
    """True for an IBAN with the right check digits (ISO 13616, mod 97), spaces and case do not matter."""
    iban = _without_spaces(text)
    if not _IBAN.fullmatch(iban) or not "02" <= iban[2:4] <= "98":
        return False
    if iban.startswith("LV") and not _LATVIAN_IBAN.fullmatch(iban):
        return False
    return int("".join(str(int(character, 36)) for character in iban[4:] + iban[:4])) % 97 == 1


def group_iban(text: str) -> str:
    """An IBAN as people read it: capitals in groups of four (ux.md §2.6)."""
    iban = _without_spaces(text)
    return " ".join(iban[start : start + 4] for start in range(0, len(iban), 4))


def normal_identifier(text: str) -> str:
    """The 11 digits of a personal code or registration number, in whatever form it comes ("PNOLV-…", "LV…").

    This is the form that is hashed, so that the same person is found again. ValueError when there are not 11.
    """
    digits = re.sub(r"[^0-9]", "", unicodedata.normalize("NFKC", text))
    if len(digits) != 11:
        raise ValueError("A personal code or registration number has 11 digits.")
    return digits


def normal_phone(text: str) -> str:
    """A telephone number as +37120000000 (E.164), from the ways in which people write one.

    Eight digits are Latvian; any other country is written with + or 00. ValueError for what can be no number.
    """
    plain = re.sub(r"[\s().\u2010-\u2015-]", "", unicodedata.normalize("NFKC", text))
    plain = re.sub(r"^00", "+", plain)
    number = f"+371{plain}" if re.fullmatch("[0-9]{8}", plain) else plain
    if not _PHONE.fullmatch(number):
        raise ValueError("A telephone number has 8 digits, or + and its country.")
    return number


def fold_code(text: str) -> str:
    """A customer, meter or invitation code as it is compared (ux.md §3.1).

    Capitals without spaces and hyphens; full-width characters and Cyrillic look-alikes become the Latin ones.
    """
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).upper())
    return unicodedata.normalize("NFKC", _DROPPED.sub("", plain.translate(_LOOKALIKES)))


def fold_address(text: str) -> str:
    """An address as it is compared: words and numbers without case, accents and what stands between them."""
    letters = (one for one in unicodedata.normalize("NFKD", text).casefold() if not unicodedata.combining(one))
    return " ".join(re.findall(r"[^\W_]+", "".join(letters)))


def fold_login(text: str) -> str:
    """A user name or e-mail address as it is compared: NFKC, without case, without spaces around."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return unicodedata.normalize("NFKC", folded).strip()


def _without_spaces(text: str) -> str:
    plain = "".join(text.split())
    return plain.upper() if plain.isascii() else plain  # upper() turns ı and ſ into Latin capitals
