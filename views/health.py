"""Health: alive, and ready to serve (the schema is there and the database answers)."""

import sqlalchemy as sa
from flask import Response

from auth.state import reading
from views.routes import Routes

health = Routes("health", __name__)


@health.get("/health/live", "public")
def live() -> Response:
    """The process answers."""
    return Response("ok\n", mimetype="text/plain")


@health.get("/health/ready", "public")
def ready() -> Response:
    """The database answers and has our tables; 503 where not."""
    try:
        reading().execute(sa.text("SELECT 1 FROM user_account LIMIT 1")).first()
    except sa.exc.SQLAlchemyError:
        return Response("no database\n", 503, mimetype="text/plain")
    return Response("ok\n", mimetype="text/plain")
