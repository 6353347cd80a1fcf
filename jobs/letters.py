"""The kinds of letters, each with a template templates/mail/KIND.txt."""

from dataclasses import dataclass
from datetime import timedelta

from auth.methods import renewal
from models import accounts, announcements, einvoices, emails, lending, staff
from models.rules.mandates import LINK_LASTS


@dataclass(frozen=True)
class Link:
    """A link that opens something, so made when the letter is sent: its purpose, how long it works, its page."""

    purpose: str
    lifetime: timedelta
    path: str


# The link, or the page of ours, that some carry.
KINDS: dict[str, Link | str | None] = {
    "password_reset": Link(renewal.PURPOSE, timedelta(hours=1), "/password/reset/{}"),
    "password_changed": None,
    "invitation": Link(accounts.INVITATION, timedelta(days=7), "/password/reset/{}"),
    "activation": Link(accounts.INVITATION, timedelta(hours=24), "/password/reset/{}"),
    "registration_known": "/properties/add",
    "registration_accepted": "/properties",
    "registration_refused": None,
    "customer_joined": None,
    "email_confirm": Link(emails.PURPOSE, timedelta(hours=24), "/profile/email/confirm/{}"),
    "email_asked": None,
    "email_taken": None,
    "email_changed": None,
    "account_closed": None,
    "handover": "/properties",
    "staff_invitation": Link(staff.INVITATION, timedelta(days=3), "/staff/welcome/{}"),
    "new_device": "/profile/sessions",
    "factor_changed": None,
    "mandate_invited": Link(lending.INVITATION, LINK_LASTS, "/invitations/{}"),
    "mandate": "/users",
    "data_copy": "/profile/data",
    "access_request": "/users",
    "reading_rejected": None,
    "reading_reminder": None,
    "reading_by_link": None,
    "verification": None,
    "attorney": "/powers-of-attorney",
    "attorney_granted": "/users",
    "answer": None,
    announcements.KIND: None,
    einvoices.KIND: None,
}
