"""The profile of one operator: what its site file in `sites/` says, validated and frozen (I10).

Everything that differs between operators is here, so that no code names a town. What changes on a date is
an override in the database: see `models.overrides`, whose functions give the rule and the text of a day.
"""

import re
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    model_validator,
)

from models import toml
from models.desk import Desk, merged
from models.privacy import periods
from models.rules.identifiers import iban_ok
from models.rules.registration import Registration
from models.rules.windows import WindowRule, parse_rule
from models.rules.workdays import is_working_day
from models.types import MeterKind

FOLDER = Path(__file__).parent.parent / "sites"
COMMON = FOLDER / "common.toml"  # texts that every site has unless it writes its own

Language = Literal["lv", "en", "ru"]
Method = Literal["password", "bank", "eparaksts"]
Strong = Literal["bank", "eparaksts", "passkey", "totp", "fresh_password"]
PAGES = ("terms", "privacy", "cookies", "accessibility")  # texts with a page of their own
WRITTEN = (*PAGES, "missed_reading", "missed_limit")  # by staff, if they like
TEXTS = (*WRITTEN, "about_login")
# The word for a contact in three languages is the templates' business; `label` is for what needs its own.
ContactKind = Literal["emergency", "office", "secretary", "email", "address", "desk"]


class SiteError(ValueError):
    """A site file is missing or wrong; the message names the file and the key."""


_parse = cache(parse_rule)


def _check_iban(text: str) -> str:
    if not re.fullmatch("LV[0-9A-Z]+", text) or not iban_ok(text):
        raise ValueError("expected a Latvian IBAN with right check digits, without spaces")
    return text


def _check_zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (KeyError, ValueError):  # ZoneInfoNotFoundError is a KeyError
        raise ValueError("expected the name of a time zone, such as Europe/Riga") from None
    return text


def _inherit(meters: Any) -> dict[str, Any]:
    """Every kind of meter, what its own table leaves out taken from `default`."""
    if not isinstance(meters, dict) or not all(isinstance(table, dict) for table in meters.values()):
        raise ValueError("expected tables, the first of them meters.default")
    default = meters.get("default", {})
    kinds = dict.fromkeys([*MeterKind, *meters])
    return {kind: default | meters.get(kind, {}) for kind in kinds if kind != "default"}


def _with_common(own: dict[str, dict[str, str]], info: ValidationInfo) -> dict[str, dict[str, str]]:
    common, languages = toml.read(COMMON, SiteError)["texts"], dict.fromkeys([*info.data.get("languages", ()), *own])
    return {language: common.get(language, {}) | own.get(language, {}) for language in languages}


def _with_common_desk(own: Any) -> dict[str, Any]:
    return merged(toml.read(COMMON, SiteError)["desk"], own)


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Contact(_Frozen):
    """One line of the contact block (G06). `label` and `hours` are per language."""

    kind: ContactKind
    label: dict[Language, str] | None = None
    phone: Annotated[str, Field(pattern=r"^(\+371\d{8}|11\d)$")] | None = None  # 11x: national short numbers
    email: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[a-z]+$")] | None = None
    address: str | None = None
    hours: dict[Language, str] | None = None

    @property
    def shown_phone(self) -> str:
        """As people read it: "+371 65049114"; empty where there is none."""
        return (self.phone or "").replace("+371", "+371 ")


class MeterRule(_Frozen):
    """What holds for one kind of meter: its window, its dial, and when consumption is unusually high.

    `high_floor` is in thousandths of the meter's unit (ux.md §10, 6): consumption is unusual above
    `high_times` the average of 12 months *and* above the floor.
    """

    opens: str
    closes: str
    digits: int = Field(ge=1, le=9)
    decimals: int = Field(ge=0, le=3)
    high_times: int = Field(3, ge=2)
    high_floor: int = Field(5000, ge=0)

    @property
    def window(self) -> WindowRule:
        """The window as `models.rules.windows` reckons with it."""
        return _parse(self.opens, self.closes)

    @model_validator(mode="after")
    def _window_parses(self) -> Self:
        _ = self.window
        return self


class Payee(_Frozen):
    """The account that is to be paid where an invoice names none of its own."""

    name: str = Field(min_length=1, max_length=70)  # as long as an EPC QR can carry
    iban: Annotated[str, AfterValidator(_check_iban)]
    reference: str = Field(max_length=100, pattern=r"\{number\}")  # of the invoice, and {code} of the customer


class Site(_Frozen):
    """One operator: what it is called, how it is reached, and how its portal works."""

    slug: str = Field(pattern=r"^[a-z][a-z0-9-]*$")
    name: str = Field(min_length=1)
    short_name: str = Field(min_length=1, max_length=12)  # under an icon on a telephone
    legal_name: str = Field(min_length=1)
    registration_number: str
    vat_number: str = Field("", pattern=r"^(LV\d{11})?$")  # with it, and other facts, companies get UBL of us
    colour: str = Field(pattern=r"^#[0-9A-Fa-f]{6}$")
    languages: tuple[Language, ...]  # the first is the default
    timezone: Annotated[str, AfterValidator(_check_zone)]
    contacts: tuple[Contact, ...] = Field(min_length=1)
    sections: tuple[str, ...]  # which of auth/access.toml it offers; `flask check` knows the names
    access: dict[str, dict[Method, Literal["-", "view", "act"]]] = {}  # single cells of that matrix, changed
    login: tuple[Method, ...] = Field(min_length=1)  # families in the order of the login page
    banks: tuple[str, ...] = ()
    eparaksts: tuple[Literal["mobile", "eid"], ...] = ()
    registration: Registration | None = None  # without it, only staff open accounts
    strong: tuple[Strong, ...] = Field(min_length=1)  # what counts as a strong login (decisions.md 15)
    lend_without_end: bool = False  # whether what a customer lends may last until she ends it (decisions.md 22)
    staff_names: bool = False  # whether residents read who of the staff saw their data (I06)
    second_pair: bool = False  # whether two of the staff check a power of attorney
    remember_days: int = Field(60, ge=1, le=365)
    password_min: int = Field(15, ge=8, le=64)
    terms_version: int = Field(1, ge=1)  # one more where the terms change: everybody is told once
    # Every kind is there: what a file leaves out is its meters.default.
    meters: Annotated[dict[MeterKind, MeterRule], BeforeValidator(_inherit)]
    valid_warning_days: int = Field(90, ge=1)  # a meter's valid-until date is near
    retention: Annotated[dict[str, int], AfterValidator(periods)] = Field({}, validate_default=True)  # days
    missed_limit: int = Field(3, ge=0, le=12)  # windows in a row from which that text holds; 0: it never does
    reading_links: bool = True  # reminders carry a link that takes readings without a login
    photos: Literal["optional", "required"] = "optional"  # of a meter whose reading looks wrong
    readings_by_invoice: bool = True  # who types code, number and sum of an invoice gets such a link, too
    payee: Payee
    payments: Literal["", "klix", "montonio"] = ""  # where people pay from here; its contract stands in the settings
    desk: Annotated[Desk, BeforeValidator(_with_common_desk)] = Field({}, validate_default=True)
    working_days: dict[date, bool] = {}  # days that are worked, or free, whatever the calendar says
    # By language and key of TEXTS; `models.overrides.text_for` tells what is shown on a day.
    texts: Annotated[dict[str, dict[str, str]], AfterValidator(_with_common)] = Field({}, validate_default=True)

    @property
    def zone(self) -> ZoneInfo:
        """The time zone in which its days begin and end."""
        return ZoneInfo(self.timezone)

    def is_working(self, day: date) -> bool:
        """Whether `day` is a working day: the Latvian calendar with the file's corrections."""
        return is_working_day(day, self.working_days)

    def reference(self, number: str, code: str) -> str:
        """The payment reference for invoice `number` of the customer with `code`."""
        return self.payee.reference.replace("{number}", number).replace("{code}", code)

    @property
    def facts(self) -> dict[str, str]:
        """What its texts name by placeholders."""
        desks = [contact for contact in self.contacts if contact.kind != "emergency"]
        phones = [contact.shown_phone for contact in desks if contact.phone]
        emails = [contact.email for contact in desks if contact.email]
        own = ("name", "legal_name", "registration_number", "remember_days", "missed_limit")
        facts = {key: str(getattr(self, key)) for key in own} | {"contact": ", ".join(phones[:1] + emails[:1])}
        return {f"{{{key}}}": fact for key, fact in facts.items()}

    def paragraphs(self, body: str) -> list[str]:
        """A text as its paragraphs (a blank line parts them), with this site's facts in its placeholders."""
        for placeholder, fact in self.facts.items():
            body = body.replace(placeholder, fact)
        return [" ".join(part.split()) for part in re.split(r"\n\s*\n", body.strip())]

    @model_validator(mode="after")
    def _ways_to_log_in_are_consistent(self) -> Self:
        _demand("languages: expected lv first, each once", self.languages[:1] == ("lv",), _once(self.languages))
        _demand("login: expected each family once", _once(self.login))
        _demand("banks: expected names exactly if login has bank", bool(self.banks) == ("bank" in self.login))
        signs = bool(self.eparaksts) == ("eparaksts" in self.login)
        _demand("eparaksts: expected kinds exactly if login has eparaksts", signs)
        proved = {"bank", "eparaksts"} & {*self.login} or "identity" not in getattr(self.registration, "ways", ())
        _demand("registration.ways: identity needs bank or eparaksts in login", bool(proved))
        return self

    @model_validator(mode="after")
    def _words_are_complete(self) -> Self:
        for number, contact in enumerate(self.contacts):
            for words in filter(None, (contact.label, contact.hours)):
                _demand(f"contacts.{number}: expected every language", {*self.languages} <= {*words})
        _demand("contacts: expected a way to reach a desk", self.paragraphs("{contact}") != [""])
        _demand("texts: expected the languages of the site", {*self.texts} == {*self.languages})
        for language, texts in self.texts.items():
            _demand(f"texts.{language}: expected {', '.join(TEXTS)}", {*texts} == {*TEXTS})
            for key, body in texts.items():
                text = "".join(self.paragraphs(body))
                _demand(f"texts.{language}.{key}: expected text, its placeholders known", bool(text), "{" not in text)
        return self


def load_site(name_or_path: str) -> Site:
    """The site of `sites/NAME.toml`, or of a file given by its path. Raises `SiteError`."""
    file = Path(name_or_path) if re.search(r"/|\.toml$", name_or_path) else FOLDER / f"{name_or_path}.toml"
    try:
        return Site.model_validate(toml.read(file, SiteError))
    except ValidationError as error:
        raise SiteError(f"{file}: {next(toml.problems(error))}") from None


def _demand(expected: str, *conditions: bool) -> None:
    if not all(conditions):
        raise ValueError(expected)


def _once(items: tuple[str, ...]) -> bool:
    return len(set(items)) == len(items)
