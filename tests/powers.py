"""What the tests of powers of attorney and requests for access share: the forms, and the checklist of the staff."""

import io
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from flask import Flask

from models.attorneys import Attorney
from models.audit import AuditRow
from models.intake import LARGEST
from models.people import User
from models.sessions import WebSession
from models.types import Role
from tests.browser import Browser, Page
from tests.models.test_intake import WORD, archive
from tests.standing import change, fetch

POWERS, PDF, DESK, ASKED = "/powers-of-attorney", b"%PDF-1.7 by my hand", "/staff/attorneys", "/staff/requests"
REQUEST, REFUSE = "/properties/request", "/users/requests/refuse"
CHECKED: dict[str, Any] = {
    "premises": ["P34"], "right": ["house_file"], "identity": "passport, at the desk", "document": "notary A. Liepa, act 123",
    "scope": "all matters of housing", "until": "2027-05-31", "revocation": "2026-11-30", "act": "check",
}  # fmt: skip
# Files that are not taken, with the sentence that says why.
REFUSED = [
    ("", b"", "Choose the document"), ("a.docx", archive(WORD), "Send the document as a PDF, EDOC, ASICE, JPG, PNG, WEBP or HEIC file."), ("a.exe", PDF, "Send the document as a PDF"),
    ("a.heic", b"x", "is not what its name says"), ("a.pdf", b"", "“a.pdf” is empty."), ("a.pdf", b"GIF89a", "is not what its name says"),
    ("a.pdf", PDF + b"x" * LARGEST, "“a.pdf” is larger than 10 MB."), ("a.edoc", archive(WORD), "is not what its name says"), ("a.jpg", b"\xff\xd8\xff\xe0nothing", "is damaged"),
]  # fmt: skip


def apply(browser: Browser, name: str = "pilnvara.pdf", content: bytes = PDF, form: dict[str, str] | None = None, **changed: Any) -> Page:
    """Fill in the form, a new one or this, with a file, and send it."""
    form = form or browser.get(POWERS).form(POWERS).fields
    files = [] if name == "" else [(io.BytesIO(content), name)]
    typed = {"code": "20417", "about": "I look after my mother's flat.", "document": files} | changed
    return browser.post(POWERS, form | typed)


def applied(app: Flask) -> Sequence[Any]:
    """The applications, oldest first."""
    return fetch(app, sa.select(Attorney.__table__).order_by(Attorney.id))


def supervisor(app: Flask) -> Browser:
    """Ilze, who decides now, at her desk."""
    change(app, sa.update(User).where(User.username == "ilze").values(role=Role.SUPERVISOR))
    browser = Browser(app)
    browser.log_in("ilze")
    return browser


def accept(app: Flask, number: int = 1, by: Browser | None = None, customer: str = "20417", **changed: Any) -> Page:
    """Go through the whole checklist of an application; None leaves a field out."""
    ilze, where = by or supervisor(app), f"{DESK}/{number}"
    fields = ilze.get(f"{where}?customer={customer}").form("/logout").fields | {"customer": customer} | CHECKED | changed
    return ilze.post(where, {name: value for name, value in fields.items() if value is not None})


def act(app: Flask, name: str, number: int = 1, by: Browser | None = None, **more: str) -> Page:
    """Refuse it with a `reason`; suspend, resume or revoke what came of it."""
    ilze, where = by or supervisor(app), f"{DESK}/{number}"
    return ilze.post(where, ilze.get(DESK).form("/logout").fields | {"act": name} | more)


def noted(app: Flask, action: str) -> Any:
    """The last audit row of this action."""
    return fetch(app, sa.select(AuditRow.__table__).where(AuditRow.action == action).order_by(AuditRow.id))[-1]


def by_bank(app: Flask) -> None:
    """Whoever is signed in now is so by a bank."""
    change(app, sa.update(WebSession).values(method="bank"))
