"""The demo's conversations: one that waits, one that goes on, one that is solved and one that is answered."""

from datetime import date, datetime, time, timedelta

import sqlalchemy as sa
from sqlmodel import Session, col

from demo.town import DATA
from models import answering
from models.audit import Actor
from models.canned import CannedReply
from models.customers import Customer
from models.people import User
from models.premises import Premises
from models.site import Site
from models.threads import Message, Thread
from models.types import Source


def talk(session: Session, site: Site, today: date) -> None:
    """Each with its letters; staff have answered those that are told so, and have replies prepared for more."""
    session.add_all(CannedReply(**reply) for reply in DATA["replies"])
    users = {user.username: user for user in session.scalars(sa.select(User)).all()}
    for story in DATA["conversations"]:
        number = str(story["flat"])
        premises = session.scalars(sa.select(Premises).where(col(Premises.external_id) == f"P{number}")).one()
        customer = session.scalars(sa.select(Customer).where(col(Customer.external_id) == f"C{number}")).one()
        actor, last = Actor(users[story["by"]].id, Source.SELF, customer.id, None, "password"), story["said"][-1]
        thread = Thread(
            user_id=actor.user_id, customer_id=customer.id, premises_id=premises.id, topic=story["topic"],
            subject=story["subject"], language=story["language"], began_on=today - timedelta(days=story["said"][0][1]),
        )  # fmt: skip
        for said in story["said"]:
            by, days, at, words = said
            moment = datetime.combine(today - timedelta(days=days), time.fromisoformat(at), site.zone)
            due = site.desk.due(story["topic"], moment, site.working_days)
            message = Message(body=words, sent_at=moment, author="" if by == "resident" else users["clerk"].name)
            if said is story["said"][0]:
                thread.due_at, thread.changed_at = due, moment
                answering.begin(session, actor, thread, message)
            elif by == "resident":
                answering.reply(session, actor, thread.id or 0, message, due)
            else:
                solves = said is last and "solves" in story
                clerk = Actor(users["clerk"].id, "web", customer.id)
                answering.answer(session, thread.id or 0, message, (), today, resolve=solves, actor=clerk)
