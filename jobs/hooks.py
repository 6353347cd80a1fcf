"""Telling the billing system what happened: one signed request after the other, as Standard Webhooks has it."""

import base64
import hmac
import json
import logging
from typing import Any

from auth.state import State
from models import webhooks
from models.remote import ProviderAway, Remote
from models.types import utc_now
from models.webhooks import EVENTS

log = logging.getLogger("ekabinets.hooks")
_SECONDS = 10.0


class Hooks:
    """Tells the address in the settings, and never another: no redirect is followed."""

    def __init__(self, held: State) -> None:
        """Looks at nothing yet."""
        self._held, self._remote = held, Remote(_SECONDS, fine=range(200, 300))
        self._begun = False

    def tell_due(self) -> int:
        """Tell what was not told; how many events."""
        database = self._held.database
        if not self._held.settings.webhook_url:
            return 0
        with database.write() as session:
            if not self._begun:
                webhooks.begin(session)
            events = webhooks.claim(session, utc_now())
            about = webhooks.contacts(session.connection(), events)
        self._begun = True
        if not events:
            return 0
        told = [
            {"id": row.id, "type": EVENTS[row.action], "at": f"{row.at:%Y-%m-%dT%H:%M:%SZ}"}
            | (about.get(row.actor_user_id, {}) if EVENTS[row.action] == "contact.changed" else {})
            for row in events
        ]
        error = self._post(f"{events[0].id}-{events[-1].id}", json.dumps({"events": told}).encode())
        with database.write() as session:
            if error:
                log.warning("the billing system was not told: %s", error)
                webhooks.failed(session, utc_now(), error)
            else:
                webhooks.told(session, events[-1].id)
        return 0 if error else len(events)

    def _post(self, name: str, body: bytes) -> str:
        """Why it was not taken, or nothing."""
        settings, moment = self._held.settings, f"{utc_now().timestamp():.0f}"
        headers = {"Content-Type": "application/json", "Webhook-Id": name, "Webhook-Timestamp": moment}
        headers["Webhook-Signature"] = signature(settings.webhook_secret, name, moment, body)
        try:
            self._remote.fetch(settings.webhook_url, body, headers)
        except ProviderAway as away:
            return str(away)
        return ""


def signature(secret: str, name: str, moment: str, body: bytes) -> str:
    """What shows that a request is ours, and from when."""
    mac: Any = hmac.digest(secret.encode(), f"{name}.{moment}.".encode() + body, "sha256")
    return "v1," + base64.b64encode(mac).decode()
