"""What waits at the desks of staff, put there behind the application's back, and the forms by which it is settled."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from flask import Flask

from models.access_requests import AccessRequest
from models.attorneys import Attorney
from models.bank import BankEntry
from models.handovers import Handover
from models.invoices import Invoice
from models.premises import Premises
from models.readings import Reading
from models.types import utc_now
from tests.browser import Browser
from tests.cast import TODAY
from tests.mails import MAILS, brought
from tests.powers import ASKED, DESK, PDF
from tests.standing import change, fetch

READINGS, WINDOWS, PREMISES, MONEY = "/staff/readings", "/staff/windows", "/staff/premises", "/staff/payments"
WINDOW = {"house": "", "kind": "gas", "opens": "20", "closes": "last", "from": "2026-12-01", "until": "2027-01-31", "act": "save"}


def application(app: Flask, **columns: Any) -> int:
    """An application of Līga's (unless it is another's) with its document; its number."""
    name = app.extensions["ekabinets"].storage.put(PDF)
    same = {"user_id": 4, "code": "20417", "about": "I look after her flat.", "file_hash": name, "file_name": "pilnvara.pdf", "asked_at": utc_now(), "reason": ""}
    change(app, sa.insert(Attorney).values(same | {"public_id": f"a{utc_now():%d%H%M%S%f}"} | columns))
    return int(fetch(app, sa.select(sa.func.max(Attorney.id)))[0][0])


def flagged(app: Flask, flag: str | None = "high", serial: str = "12345678", value: int = 999_000, **columns: Any) -> int:
    """A reading of Anna's that looks wrong; its number."""
    register = {"12345678": 1, "87654321": 2, "2222": 8}[serial]
    same = {"register_id": register, "value": value, "read_on": TODAY, "period": TODAY.replace(day=1), "source": "self", "actor_user_id": 1, "principal_customer_id": 1}
    same |= {"received_at": utc_now(), "changed_at": utc_now(), "flag": flag, "rolled_over": False, "status": "received"}
    change(app, sa.insert(Reading).values(same | columns))
    return int(fetch(app, sa.select(sa.func.max(Reading.id)))[0][0])


def asked(app: Flask, wanted: str = "99999") -> int:
    """Līga's request for access that found no owner."""
    change(app, sa.insert(AccessRequest).values(user_id=4, wanted=wanted, who="Anna's daughter", asked_at=utc_now(), looked_at=utc_now()))
    return int(fetch(app, sa.select(sa.func.max(AccessRequest.id)))[0][0])


def handed(app: Flask, **columns: Any) -> int:
    """A hand-over of Anna's flat that waits for somebody without an account."""
    reading = {"meter": 1, "register": 1, "value": 195_500, "kind": "cold_water", "where": "kitchen", "name": "", "serial": "12345678", "decimals": 3}
    same = {"premises_id": 1, "user_id": 1, "customer_id": 1, "to_whom": "99999", "changes_on": TODAY + timedelta(days=1), "readings": [reading], "state": "asked", "reason": ""}
    change(app, sa.insert(Handover).values(same | {"public_id": f"{utc_now():%M%S%f}"[:16]} | columns))
    return int(fetch(app, sa.select(sa.func.max(Handover.id)))[0][0])


def came(app: Flask, **columns: Any) -> str:
    """Money of Anna's at the bank that matched nothing; how the desk names it."""
    same = {"external_id": f"B{utc_now():%H%M%S%f}", "account": "", "booked_on": TODAY, "cents": 8743, "payer": "Anna Ozoliņa", "payer_iban": "LV17DEMO0000000000002", "reference": "", "text": "Paldies", "state": "open", "reason": ""}
    change(app, sa.insert(BankEntry).values(same | columns))
    return f"b{fetch(app, sa.select(sa.func.max(BankEntry.id)))[0][0]}"


def desk_acts(app: Flask, ilze: Browser) -> Iterator[tuple[str, Browser, str, str, dict[str, Any]]]:
    """The forms of the desks: rule, who sends it, the page, its address, what is typed."""
    one = f"{DESK}/{application(app)}"  # letters to several are taken one by one by SQLite
    yield f"{DESK}/<poid> (refused)", ilze, one, one, {"act": "refuse", "reason": "No."}
    yield ASKED, ilze, ASKED, ASKED, {"number": str(asked(app))}
    yield PREMISES, ilze, PREMISES, PREMISES, {"number": str(handed(app, readings=[]))}
    for act, what in (("accept", ""), ("reject", " (rejected)")):
        yield READINGS + what, ilze, READINGS, READINGS, {"number": str(flagged(app)), "act": act, "reason": "Look again."}
    one, number = f"{MONEY}/{came(app)}", fetch(app, sa.select(sa.func.max(Invoice.id)).where(Invoice.customer_id == 1))[0][0]
    for act, what in (("assign", ""), ("undo", " (undone)"), ("search", " (searched)"), ("aside", " (put aside)")):
        yield f"{MONEY}/<moid>{what}", ilze, one, one, {"act": act, "reason": "Rent", f"i{number}": "87.43"}
    for act, what in (("accept", ""), ("dismiss", " (dismissed)"), ("undo", " (undone)")):
        one = one if act == "undo" else brought(app, "Klienta nr. 20417, karstais 529", Message_ID=f"<{act}@example.com>")
        at = f"&at={fetch(app, sa.select(Premises.public_id).where(Premises.id == 1))[0][0]}" if act == "accept" else ""
        yield f"{MAILS}/<emid>{what}", ilze, one, f"{one}?code=20417{at}", {"act": act, "reason": "No."}
    yield WINDOWS, ilze, WINDOWS, WINDOWS, WINDOW
    yield f"{WINDOWS} (ended)", ilze, WINDOWS, WINDOWS, {"act": "end", "number": "1"}
