"""How far the billing system was told what happened; the audit trail itself is the queue (decision 10).

Only what is sealed is told, because nothing can still appear before it (`models.seals`).
"""

from datetime import datetime

from sqlmodel import Field

from models.types import Numbered, utc_now


class Webhook(Numbered, table=True):
    """The one row, number 1."""

    told_to: int  # the audit row up to which it was told
    leased_until: datetime | None = None
    due_at: datetime = Field(default_factory=utc_now)
    attempts: int = 0
    error: str = Field(default="", max_length=200)
