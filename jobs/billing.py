"""Handing readings to a billing system that has to be called: the seam, and Visma Horizon as an example of one.

Where a billing system can call us, it uses the API instead (docs/integration.md).
"""

import re
from base64 import b64encode
from calendar import monthrange
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol
from urllib.parse import quote
from xml.etree import ElementTree as Xml

from auth.state import State
from jobs.exchange import door
from jobs.exchange.given import Given
from models.audit import Actor
from models.remote import Refusal, Remote
from models.settings import Settings
from models.types import ExternalStatus

_SECONDS = 20.0
_WRONG = (400, 409, 422)  # what a reading can be refused with; anything else is about all of them


@dataclass(frozen=True)
class Answer:
    """What became of a reading there."""

    status: ExternalStatus  # accepted or rejected; exported: it stays as it was
    status_reason: str = ""  # which the resident reads, of one that was rejected


class Billing(Protocol):
    """A billing system."""

    def hand_over(self, reading: Mapping[str, Any]) -> Answer:
        """Give it a reading, as the API shows it; the same one again is taken once. Raises `ProviderAway`."""


class Horizon:
    """Readings of contracts by REST; they arrive as drafts that its people approve.

    A meter's external_id is PK_SKAR and PK_LIGR with a hyphen between them. What was handed over is found again by
    our id of the reading, which stands in its note.
    """

    def __init__(self, settings: Settings) -> None:
        """Asks nothing yet."""
        self._url, self._remote = f"{settings.horizon_url}/TdmPNSSkaLigRadBL", Remote(_SECONDS, fine=range(200, 300))
        login = f"{settings.horizon_user}:{settings.horizon_password}".encode()
        self._headers = {"Authorization": f"Basic {b64encode(login).decode()}", "Content-Type": "application/xml"}

    def hand_over(self, reading: Mapping[str, Any]) -> Answer:
        """One at a time: more it does not take."""
        number, _, contract = reading["meter"].partition("-")
        if not (re.fullmatch("[0-9]+", number) and re.fullmatch("[0-9]+", contract) and reading["register"] == "1"):
            return Answer(ExternalStatus.EXPORTED, "its meter has no PK_SKAR-PK_LIGR, or more than one dial")
        query = quote(f"PIEZIM eq '{reading['external_id']}'")
        try:
            known = self._remote.fetch(f"{self._url}/query?columns=PIEZIM&filter={query}", None, self._headers)
            if b"<entity" in known:
                return Answer(ExternalStatus.ACCEPTED)
            self._remote.fetch(self._url, _entity(reading, number, contract), self._headers)
        except Refusal as refusal:
            if refusal.status not in _WRONG:
                raise
            said = " ".join(re.sub("<[^>]*>", " ", refusal.said).split())
            return Answer(ExternalStatus.REJECTED, said[:200])
        return Answer(ExternalStatus.ACCEPTED)


def _entity(reading: Mapping[str, Any], number: str, contract: str) -> bytes:
    first = date.fromisoformat(f"{reading['period'] or reading['date'][:7]}-01")
    resource = Xml.Element("resource")
    entity = Xml.SubElement(resource, "entity")
    Xml.SubElement(entity, "RAD").text = reading["value"]
    Xml.SubElement(Xml.SubElement(entity, "PK_SKAR"), "href").text = f"/rest/TdmPNSSkaRBL/{number}"
    told = {"DAUDZ_TIPS": "2", "PIEZIM": reading["external_id"], "PER_NO": f"{first}", "PK_LIGR": contract}
    told["PER_LIDZ"] = f"{first.replace(day=monthrange(first.year, first.month)[1])}"
    for name, text in told.items():
        Xml.SubElement(entity, name).text = text
    return bytes(Xml.tostring(resource, "utf-8"))


_COMMAND = Actor(None, "command")


def hand_over(held: State, billing: Billing) -> Iterator[str]:
    """Give it every reading that waits for an answer, and keep each answer; a line about each.

    What it could not be told is tried again next time. Raises `ProviderAway` where it is not there at all.
    """
    cursor, more = "", True
    while more:
        page = door.pull(held.database, cursor, _COMMAND, is_open=True)
        cursor, more = page["next"], page["more"]
        for row in page["readings"]:
            answer = billing.hand_over(row)
            told = {"external_id": row["external_id"], "status": answer.status.value}
            rows = [told | {"status_reason": answer.status_reason}]
            door.take(held, "readings", Given(rows=rows, files={}), _COMMAND)
            yield f"{row['external_id']}: {answer.status} {answer.status_reason}".rstrip()
