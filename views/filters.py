"""How numbers, money, dates and telephone numbers are written in each language (ux.md §5.3).

Babel's `format_decimal` costs 20 µs a call and a page has 30 of them, and its data of three languages takes 6 MB. So
what these formats need of it stands here, and the tests hold them equal to Babel.
"""

import re
from collections.abc import Callable
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

# en_GB, because plain English writes 11/21/26; Babel finds the catalogue of `en` for it.
LOCALES = {"lv": "lv", "en": "en_GB", "ru": "ru"}
RIGA = ZoneInfo("Europe/Riga")
NBSP = "\u00a0"

# Between thousands, before decimals, before and after euros.
SYMBOLS = {"lv": (NBSP, ",", "", f"{NBSP}€"), "en": (",", ".", "€", ""), "ru": (NBSP, ",", "", f"{NBSP}€")}
# Babel's own short forms suit none of the three. In Latvian the names of months would need cases that nobody
# declines for us, so a day inside a sentence is written in digits.
PATTERNS = {
    "lv": {"d": "{d:02}.{m:02}.{y:04}.", "daymonth": "{d:02}.{m:02}.", "month": "{y}. gada {name}", "joint": " "},
    "en": {"d": "{d} {short} {y}", "daymonth": "{d} {name}", "month": "{name} {y}", "joint": ", "},
    "ru": {"d": "{d:02}.{m:02}.{y:04}", "daymonth": "{d} {of}", "month": "{name} {y}\u00a0г.", "joint": " "},
}
MONTHS = {
    "lv": {
        "name": "janvāris februāris marts aprīlis maijs jūnijs jūlijs augusts septembris oktobris novembris decembris"
    },
    "en": {
        "name": "January February March April May June July August September October November December",
        "short": "Jan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec",
    },
    "ru": {
        "name": "январь февраль март апрель май июнь июль август сентябрь октябрь ноябрь декабрь",
        "of": "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",  # as after a day
    },
}
_LATIN = {"m3": "m³", "m2": "m²", "mwh": "MWh", "kwh": "kWh", "kb": "kB", "mb": "MB"}
UNITS = {
    "lv": _LATIN | {"pcs": "gab.", "month": "mēn."},
    "en": _LATIN | {"pcs": "pcs", "month": "month"},
    "ru": {
        "m3": "м³", "m2": "м²", "mwh": "МВт·ч", "kwh": "кВт·ч", "kb": "кБ", "mb": "МБ", "pcs": "шт.", "month": "мес.",
    },
}  # fmt: skip


class Formats:
    """The formats of one language. Values are integers: cents, thousandths, ten-thousandths."""

    def __init__(self, language: str, timezone: ZoneInfo = RIGA) -> None:
        self.language, self.timezone = language, timezone
        self.group, self.point, self.before, self.after = SYMBOLS[language]
        self.patterns, self.units = PATTERNS[language], UNITS[language]
        self.months = {form: names.split() for form, names in MONTHS[language].items()}

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filters by the names that templates use, each with a cache: values come again."""
        names = "d dt t daymonth month qty unit qtyu eur price size phone tel"
        return {name: lru_cache(1024)(getattr(self, name)) for name in names.split()}

    def d(self, day: date | str) -> str:
        """A short date: 21.11.2026. A moment gives its date at the site; a letter's detail has it as ISO text."""
        day = date.fromisoformat(day) if isinstance(day, str) else day
        return self._date("d", self._local(day) if isinstance(day, datetime) else day)

    def _date(self, pattern: str, day: date) -> str:
        names = {form: names[day.month - 1] for form, names in self.months.items()}
        return self.patterns[pattern].format(d=day.day, m=day.month, y=day.year, **names)

    def t(self, moment: datetime) -> str:
        """The site's time of day of an aware moment: 14:05."""
        local = self._local(moment)
        return f"{local.hour:02}:{local.minute:02}"

    def dt(self, moment: datetime) -> str:
        """An aware moment as date and time of the site, without the zone."""
        local = self._local(moment)
        return f"{self._date('d', local)}{self.patterns['joint']}{local.hour:02}:{local.minute:02}"

    def _local(self, moment: datetime) -> datetime:
        if moment.tzinfo is None:
            raise ValueError("a moment without a time zone cannot be shown")
        return moment.astimezone(self.timezone)

    def daymonth(self, day: date) -> str:
        """A day inside a sentence: 21.11. / 21 November / 21 ноября (genitive, as after a number)."""
        return self._date("daymonth", day)

    def month(self, day: date | str) -> str:
        """The month of a day as a heading: 2026. gada novembris; a letter's detail has the day as ISO text."""
        return self._date("month", date.fromisoformat(day) if isinstance(day, str) else day)

    def _number(self, value: int, scale: int, least: int | None = None) -> str:
        """|value| / 10**scale with its digits grouped; zeros beyond the `least` decimals are left out."""
        whole, rest = divmod(abs(value), 10**scale)
        digits = f"{rest:0{scale}d}" if scale else ""
        if least is not None:
            digits = digits[:least] + digits[least:].rstrip("0")
        grouped = f"{whole:,}".replace(",", self.group)
        return f"{grouped}{self.point}{digits}" if digits else grouped

    def qty(self, thousandths: int, decimals: int = 3) -> str:
        """A quantity with exactly so many decimals (at most 3), rounded half to even: 3,044."""
        shown = round(thousandths, decimals - 3) // 10 ** (3 - decimals)
        return ("-" if shown < 0 else "") + self._number(shown, decimals)

    def unit(self, unit: str) -> str:
        """The symbol of a unit of the exchange format; any other unit is the operator's own word and stays."""
        return self.units.get(unit, unit)

    def qtyu(self, thousandths: int, unit: str, decimals: int = 3) -> str:
        """A quantity and its unit, which no line break parts: 3,044 m³."""
        return f"{self.qty(thousandths, decimals)}{NBSP}{self.unit(unit)}"

    def eur(self, cents: int) -> str:
        """Money: 1 234,56 € or €1,234.56."""
        return self._euros(cents, self._number(cents, 2))

    def price(self, ten_thousandths: int) -> str:
        """A price with two to four decimals: 1,2345 €."""
        return self._euros(ten_thousandths, self._number(ten_thousandths, 4, least=2))

    def _euros(self, value: int, number: str) -> str:
        return f"{'-' if value < 0 else ''}{self.before}{number}{self.after}"

    def size(self, count: int) -> str:
        """A file's size from its bytes, in units of 1024 and 1024²: 24 kB; 1,5 MB."""
        if count < 1024**2:
            return self._number(-(-count // 1024), 0) + NBSP + self.units["kb"]
        return self._number((count * 10 + 1024**2 // 2) // 1024**2, 1, least=0) + NBSP + self.units["mb"]

    def phone(self, number: str) -> str:
        """A telephone number to read: 2701 7710; one that is not Latvian, or is short, stays as it is."""
        digits = number.replace(" ", "").removeprefix("+371")
        if not re.fullmatch(r"\d{8}", digits):
            return number
        country = "" if self.language == "lv" else f"+371{NBSP}"
        return f"{country}{digits[:4]}{NBSP}{digits[4:]}"

    def tel(self, number: str) -> str:
        """The address of a link that calls the number; emergency and short numbers have no country."""
        digits = re.sub(r"[^\d+]", "", number)
        return f"tel:+371{digits}" if re.fullmatch(r"\d{8}", digits) else f"tel:{digits}"
