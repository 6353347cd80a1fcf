"""Where and who the demo is: towns, streets and names from demo.toml; codes and accounts, all invented."""

import random
import tomllib
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from models.site import Site
from models.types import MeterKind

DATA: dict[str, Any] = tomllib.loads(Path(__file__).with_name("demo.toml").read_text("utf-8"))
STREETS: list[str] = DATA["names"]["streets"]
_CODE_WEIGHTS = (1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


class Town(BaseModel):
    """A site's ground, as demo.toml explains it."""

    name: str
    postcode: str
    big: str
    small: str
    reads: list[MeterKind]
    manages: bool


def town_of(site: Site) -> Town:
    """The ground under a site."""
    return Town(**DATA["sites"].get(site.slug, DATA["sites"]["any"]))


def person(rng: random.Random) -> tuple[str, str]:
    """A name and the language its bearer reads: "lv" or "ru"."""
    language = "ru" if rng.random() < 0.3 else "lv"
    is_woman = rng.random() < 0.5
    names = DATA["names"][language]
    given = rng.choice(names["women" if is_woman else "men"])
    return f"{given} {rng.choice(names['surnames']).split('/')[is_woman]}", language


def personal_code(number: int) -> str:
    """A personal code with right check digit that nobody alive carries: born in the 19th century.

    Form and check digit: identity-and-money.md 3.11. Different for every `number` below 20 million.
    """
    serial, days = divmod(number, 20_000)
    digits = f"{date(1840, 1, 1) + timedelta(days):%d%m%y}0{serial:03d}"
    weighed = sum(weight * int(digit) for weight, digit in zip(_CODE_WEIGHTS, digits, strict=True))
    return f"{digits[:6]}-{digits[6:]}{(1101 - weighed) % 11 % 10}"


def demo_iban(number: int) -> str:
    """An account with right check digits at a bank that does not exist, DEMO."""
    account = f"DEMO{number:013d}"
    remainder = int("".join(str(int(char, 36)) for char in account + "LV00")) % 97
    return f"LV{98 - remainder:02d}{account}"
