"""Login providers of a site, and what they publish about themselves, kept for all requests and instances."""

import json
import threading
import tomllib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, Any

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Field as Column
from sqlmodel import SQLModel, col

from models.database import Database
from models.types import utc_now

LIFETIME = timedelta(hours=1)  # after which a document is asked for again
AGAIN_AFTER = timedelta(minutes=1)  # not more often, whatever a provider's tokens say


_ADDRESS = r"^(https://|http://(localhost|127\.0\.0\.1)[:/])[^\s?#]*[^\s?#/]$"  # no TLS only on this machine


class _Configured(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    client_id: str = Field(min_length=1)
    secret: str = Field(min_length=1, repr=False)
    # Where else its pages are: a browser follows a form of ours to no address that was not named (decisions.md 7).
    pages: tuple[Annotated[str, Field(pattern=_ADDRESS)], ...] = ()


class Provider(_Configured):
    """A bank or broker. `claims` gives each path as a list, for keys may hold dots."""

    slug: str = Field(pattern=r"^[a-z][a-z0-9-]{0,31}$")
    name: str = Field(min_length=1, max_length=60)
    issuer: str = Field(pattern=_ADDRESS)
    scope: str = "openid profile"
    acr_values: str = ""  # asked for
    acr: tuple[str, ...] = ()  # of which one has to come back
    userinfo: bool = False  # whether to ask for claims that the token does not carry
    logout: bool = False  # whether who signs out here is sent on to sign out there
    backchannel_logout: bool = False  # whether it may end sessions here that it has opened
    # Of name (or given and family), code and country; without a code a person is known by issuer and subject alone.
    claims: dict[str, tuple[str | int, ...]] = {"name": ("name",)}


class Eparaksts(_Configured):
    """What an operator's contract with LVRTC gives."""

    host: str = Field("https://eidas.eparaksts.lv", pattern=_ADDRESS)
    server: str = Field("lvrtc-eipsign-as", pattern=r"^[a-z-]+$")
    logout: bool = True  # as of a bank


TILL_HOSTS = {"klix": "https://portal.klix.app", "montonio": "https://stargate.montonio.com"}


class Gateway(_Configured):
    """What an operator's contract for payments gives: `client_id` is the brand at Klix, the access key at Montonio."""

    host: str = Field("", pattern=f"^$|{_ADDRESS}")  # empty: the provider's own


def read_toml(value: Any) -> Any:
    """The tables of a setting that comes from the environment as TOML."""
    if not isinstance(value, str):
        return value
    try:
        return next(iter(tomllib.loads(value).values()), ())
    except tomllib.TOMLDecodeError:
        raise ValueError("expected TOML") from None


class ProviderDocument(SQLModel, table=True):
    """What stood at an address of a provider: its metadata, or its keys."""

    __tablename__ = "provider_document"

    address: str = Column(primary_key=True, max_length=400)
    document: str
    fetched_at: datetime


_FIND = sa.select(col(ProviderDocument.document), col(ProviderDocument.fetched_at)).where(
    col(ProviderDocument.address) == sa.bindparam("address")
)


class Documents:
    """A cache in this process over one in the database, so that a start or another instance asks nobody."""

    def __init__(self, database: Database, now: Callable[[], datetime] = utc_now) -> None:
        """`now` is the real clock."""
        self._database, self._now = database, now
        self._kept: dict[str, tuple[Any, datetime]] = {}
        self._lock = threading.Lock()

    def get(self, address: str, ask: Callable[[], Any]) -> Any:
        """The document, at most `LIFETIME` old. `ask` fetches and checks it; what it raises is raised."""
        found = self._kept.get(address)
        if found is None or self._now() - found[1] >= LIFETIME:
            found = self._stored(address)
        if found is None or self._now() - found[1] >= LIFETIME:
            return self._fetch(address, ask)
        self._kept[address] = found
        return found[0]

    def renew(self, address: str, ask: Callable[[], Any]) -> Any | None:
        """The document as it is now; None where it is less than a minute old, whichever instance asked for it."""
        with self._lock:
            found = self._stored(address)
            if found and self._now() - found[1] < AGAIN_AFTER:
                newer = found[0] != self._kept.get(address, (None,))[0]
                self._kept[address] = found
                return found[0] if newer else None
            return self._fetch(address, ask)

    def _fetch(self, address: str, ask: Callable[[], Any]) -> Any:
        document, now = ask(), self._now()
        with self._database.write() as session:
            session.merge(ProviderDocument(address=address, document=json.dumps(document), fetched_at=now))
        self._kept[address] = (document, now)
        return document

    def _stored(self, address: str) -> tuple[Any, datetime] | None:
        with self._database.read() as connection:
            row = connection.execute(_FIND, {"address": address}).first()
        return (json.loads(row.document), row.fetched_at) if row else None
