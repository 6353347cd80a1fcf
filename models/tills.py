"""Where money is taken: the protocol of payment providers, and the one that a site has chosen (C05).

What a provider sends by itself only makes us ask it; what it answers to that counts, once all of it is right.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import urlsplit

from models.database import Database
from models.providers import TILL_HOSTS, Documents, Gateway
from models.remote import ProviderAway, Remote
from models.rules.payments import PaymentState
from models.settings import Settings
from models.site import Site

_ID = re.compile(r"[A-Za-z0-9-]{1,64}")  # it goes into addresses of the provider


class Refused(Exception):
    """Not from the provider, or not about this payment; the message is for the log."""


@dataclass(frozen=True)
class Part:
    """One invoice in an order, and whose account it is to be paid to."""

    name: str
    cents: int
    payee: str
    iban: str


@dataclass(frozen=True)
class Order:
    """What somebody is to pay. `back`: where she returns to; `hook`: where its provider tells us."""

    reference: str
    parts: Sequence[Part]
    email: str
    language: str
    back: str
    hook: str
    until: datetime

    @property
    def cents(self) -> int:
        """The whole of it."""
        return sum(part.cents for part in self.parts)


@dataclass(frozen=True)
class Told:
    """What a provider says of a payment; `owner`: of whose contract it is."""

    id: str
    reference: str
    cents: int
    currency: str
    owner: str
    state: PaymentState


class Till(Protocol):
    """A provider as a site has it. Each of these may raise `ProviderAway`."""

    name: str
    gateway: Gateway

    def takes(self, parts: Sequence[Part]) -> bool:
        """Whether the money would reach these accounts."""

    def begin(self, order: Order) -> tuple[str, str]:
        """Its own id for an order, and where that is paid."""

    def heard(self, body: bytes, headers: Mapping[str, str]) -> Told:
        """What it sent by itself. Raises `Refused` where it was not from it."""

    def look(self, provider_id: str) -> Told:
        """How a payment stands."""


def till_of(site: Site, settings: Settings, database: Database) -> Till | None:
    """The provider of this site; None where it has none, or no contract with it stands in the settings."""
    gateway, remote = settings.payments, Remote(settings.provider_seconds, places=2, fine=(200, 201))
    if gateway is None or not site.payments:
        return None
    gateway = gateway.model_copy(update={"host": gateway.host or TILL_HOSTS[site.payments]})
    if site.payments == "montonio":
        from models.till_montonio import Montonio  # here, because a site has one of them

        return Montonio(gateway, remote, site.payee.iban)
    from models.till_klix import Klix  # as above

    return Klix(gateway, remote, Documents(database), site.payee.iban)


def ask(remote: Remote, url: str, told: Mapping[str, Any] | None, headers: Mapping[str, str]) -> Any:
    """The JSON that a provider answers to a GET, or to a POST of JSON. Raises `ProviderAway`."""
    kind = {"Accept": "application/json", "Content-Type": "application/json"}
    try:
        return json.loads(remote.fetch(url, json.dumps(told).encode() if told else None, {**kind, **headers}))
    except (ValueError, RecursionError) as error:  # no JSON
        raise ProviderAway(type(error).__name__) from None


def begun(gateway: Gateway, provider_id: Any, address: Any) -> tuple[str, str]:
    """What `Till.begin` answers. Raises `ProviderAway` where it is no id, or leads where no contract says."""
    places = {"{0.scheme}://{0.netloc}".format(urlsplit(page)) for page in (gateway.host, *gateway.pages)}
    usable = isinstance(address, str) and len(address) <= 500 and address.isascii() and address.isprintable()
    if not usable or "{0.scheme}://{0.netloc}".format(urlsplit(address)) not in places:
        raise ProviderAway("an address elsewhere")
    return checked(provider_id), address


def checked(provider_id: Any) -> str:
    """An id as it may stand in an address of its provider."""
    if not isinstance(provider_id, str) or not _ID.fullmatch(provider_id):
        raise ProviderAway("no id")
    return provider_id
