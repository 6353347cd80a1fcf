"""What tests of the staff's work share: colleagues, conversations in number, and who sees what in which view."""

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from flask import Flask

from models import desk_work
from models.audit import Actor
from models.desk_work import Wish
from models.people import User
from models.threads import Message, Thread
from models.types import Role, utc_now
from tests.browser import Browser, Page
from tests.cast import TODAY
from tests.standing import change, fetch, main

INBOX, AWAY = "/staff/inbox", "/staff/away"
ILZE, RASA = 5, 77  # their numbers


def rasa(app: Flask) -> int:
    """A colleague of Ilze's; her number."""
    known = {"username": "rasa", "email": "rasa.kalnina@example.lv", "name": "Rasa Kalniņa", "role": Role.AGENT, "created_at": utc_now()}
    change(app, sa.insert(User).values(id=RASA, **known))
    return RASA


def does(app: Flask, act: str, *numbers: int, **wish: Any) -> int:
    """Rasa does something behind Ilze's back."""
    with app.extensions["ekabinets"].database.write() as session:
        return desk_work.change(session, Actor(RASA, "web"), "Rasa Kalniņa", numbers, Wish(act, **wish), utc_now())


def many(app: Flask, count: int, **same: Any) -> None:
    """Conversations from number 1 on; the first is due first, the last was written last."""
    soon, known = utc_now() + timedelta(days=9), {"topic": "other", "language": "lv", "began_on": TODAY, "changed_at": utc_now(), "state": "open"}
    threads = [
        known | {"id": n, "public_id": f"t{n}", "latest_id": n, "subject": f"Subject {n}.", "due_at": soon + n * timedelta(minutes=1)} | same
        for n in range(1, count + 1)
    ]  # fmt: skip
    with app.extensions["ekabinets"].database.write() as session:
        session.execute(sa.insert(Thread), threads)
        session.execute(sa.insert(Message), [{"id": n, "public_id": f"m{n}", "thread_id": n, "body": "x", "sent_at": utc_now()} for n in range(1, count + 1)])


def view(ilze: Browser, name: str) -> list[int]:
    """The numbers in a view, in its order."""
    links = [link for link in ilze.get(f"{INBOX}?view={name}").links if "#last" in link]
    return [int(link.removeprefix(f"{INBOX}/").partition("?")[0]) for link in links]


def row(app: Flask, number: int = 1) -> Any:
    """A conversation as it is stored."""
    return fetch(app, sa.select(Thread.__table__).where(Thread.id == number))[0]


def do(ilze: Browser, act: str, number: int = 1, page: Page | None = None, **typed: Any) -> Page:
    """Send one of the forms of a conversation, from a page that was opened before or a fresh one."""
    one = f"{INBOX}/{number}"
    return ilze.submit(page or ilze.get(one), f"{one}/{act}", **typed)


__all__ = ["AWAY", "ILZE", "INBOX", "RASA", "change", "do", "does", "fetch", "main", "many", "rasa", "row", "view"]
