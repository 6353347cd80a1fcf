"""A clerk's open tab, which asks every 20 s: 50 of them must cost less than one home page a second (ux.md §6.4)."""

from datetime import timedelta
from itertools import cycle

import sqlalchemy as sa
from flask import Flask
from sqlmodel import Session, col

from auth import csrf
from bench.ask import Person, Ready, request
from models import sessions
from models.database import Database
from models.people import User
from models.settings import Settings
from models.threads import Message, Thread
from models.types import Role, utc_now

NAME = "bench-clerk"


def polls(app: Flask, settings: Settings) -> dict[str, Ready]:
    """A tab with the list, and one with a conversation."""
    database = Database(settings.database_url)
    with database.write() as session:
        number, last = _conversation(session)
        clerk = _clerk(session)
    database.dispose()
    form = {"csrf_token": csrf.token(settings.secret_key, "bench")}
    writes = form | {"composing": "1"}
    turns = cycle((form,) * 3 + (writes,) * 3)  # every third one is noted, as where 20 s go by between them
    told = f"since={last}&waiting=1&fresh=0&who=&said=0"
    return {
        "poll of the list": lambda: request(app, f"/staff/poll?thread=0&{told}", clerk, form),
        "poll of a conversation": lambda: request(app, f"/staff/poll?thread={number}&{told}", clerk, next(turns)),
    }


def _clerk(session: Session) -> Person:
    user = session.scalars(sa.select(User).where(col(User.username) == NAME)).first()
    user = user or User(username=NAME, name="Bench Clerk", role=Role.AGENT)
    session.add(user)
    session.flush()
    token = sessions.begin(session, user.id or 0, sessions.Login("password", lifetime=timedelta(days=1)), utc_now())
    return Person(user.id or 0, token, "", "")


def _conversation(session: Session) -> tuple[int, int]:
    """The number of one that waits, and of the last message that there is."""
    thread = session.scalars(sa.select(Thread).where(col(Thread.subject) == NAME)).first()
    if thread is None:
        now = utc_now()
        thread = Thread(user_id=None, topic="other", subject=NAME, language="lv", began_on=now.date(), due_at=now)
        session.add(thread)
        session.flush()
        message = Message(thread_id=thread.id or 0, body=NAME, sent_at=now)
        session.add(message)
        session.flush()
        thread.latest_id = message.id or 0
    return thread.id or 0, session.scalar(sa.select(sa.func.max(col(Message.id)))) or 0
