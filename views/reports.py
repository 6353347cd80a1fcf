"""The dashboard: how many are registered, how many readings are in, how long people wait (H11; UD-05)."""

from datetime import date

from flask import Response

from auth.state import reading
from models import figures
from models.types import MeterKind
from views.pages import page
from views.routes import Routes

reports = Routes("reports", __name__)


@reports.get("/staff/dashboard", "staff reports view")
def dashboard() -> Response:
    """What the worker has counted last, and when that was."""
    row = figures.last(reading())
    found = row.detail if row else {"days": {}, "kinds": {}}
    days = [(date.fromisoformat(day), number) for day, number in found["days"].items()]
    dials = [(kind, *found["kinds"][kind]) for kind in MeterKind if kind in found["kinds"]]
    return page("staff/dashboard.html", row=row, found=found, days=days, dials=dials)
