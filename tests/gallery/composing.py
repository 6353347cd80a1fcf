"""Two of the staff at one conversation: drafts, who is there, what is new, what was read meanwhile."""

import re

import sqlalchemy as sa
from flask import Flask

from models.canned import CannedReply
from models.composing import Composing
from models.mentions import Mention
from models.people import User
from models.sessions import WebSession
from models.threads import Message, Thread
from models.types import Role, utc_now
from tests.gallery import Gallery, Visitor
from tests.standing import change, fetch

INBOX, HTMX = "/staff/inbox", {"HX-Request": "true"}


def write_together(gallery: Gallery, one: str) -> None:
    """A colleague writes there, too; Ilze takes her draft over, keeps one of her own, polls, and is signed out."""
    ilze, app = gallery.visitor("ilze", again=True), gallery.app
    change(app, sa.update(Thread).where(Thread.id == 501).values(state="open"))
    _colleague(app, int(one.rpartition("/")[2]))
    for path in (INBOX, one):
        ilze.get(path)
    for more in ({"take": "700"}, {"keep": "1"}, {"kind": "note"}, {"kind": "x"}):
        ilze.submit(ilze.get(one), f"{one}/replies", **{"body": "Sveiki!", **more})
    ilze.submit(ilze.get(one), f"{one}/replies", body="Rīt.", next="1")
    _prepare(gallery)
    for more in ({"insert": "", "canned": "1"}, {"body": "⟦x⟧"}):
        ilze.submit(ilze.get(one), f"{one}/replies", **{"kind": "answer", **more})
    _polls(ilze, one)
    change(app, sa.delete(Composing))
    _take_back(gallery, ilze, one)
    ilze.submit(ilze.get(one), f"{one}/replies", kind="note", body="@rasa @Nekas")
    ilze.submit(ilze.get(one), f"{one}/replies", kind="note", body="@Rasa, zini?")
    for _ in range(2):
        ilze.get("/staff/mentions")
        change(app, sa.update(Mention).values(user_id=5))
    ilze.get(one)
    change(app, sa.delete(WebSession).where(WebSession.user_id == fetch(app, sa.select(User.id).where(User.username == "ilze"))[0].id))
    _polls(ilze, one)


def _take_back(gallery: Gallery, ilze: Visitor, one: str) -> None:
    """An answer that goes out in a moment is taken back, in the page and in the next one; then it is too late."""
    change(gallery.app, sa.update(Thread).where(Thread.id == 501).values(state="open"))
    with gallery.when(undo_seconds=15):
        ilze.submit(ilze.get(one), f"{one}/replies", kind="answer", body="Rīt.")
        page = ilze.get(one)
        ilze.submit(page, f"{one}/undo")
        ilze.submit(ilze.get(one), f"{one}/replies", next="1", kind="answer", body="Rīt.")
        change(gallery.app, sa.delete(Composing))
        ilze.submit(page, f"{one}/undo")


def _prepare(gallery: Gallery) -> None:
    """Replies that are prepared for all or for herself, with what is wrong; an agent reads what is of all."""
    where = "/staff/replies"
    boss = gallery.visitor("ilze", again=True)
    for typed in ({}, {"title": "Paldies", "lv": "Paldies, {staff}!", "topic": "other"}, {"title": "Rēķins", "lv": "{amount}", "team": "1"}):
        boss.submit(boss.get(where), where, **typed)
    own, ours = (f"{where}/{row.id}" for row in fetch(gallery.app, sa.select(CannedReply.id).order_by(CannedReply.id.desc()).limit(2)))
    answer = next(link for link in boss.get(f"{INBOX}/{_answered(gallery)}").links if link.startswith(f"{where}/from/"))
    boss.submit(boss.get(answer), where, title="", lv="Labdien, Anna!")
    for typed in ({"title": ""}, {"title": "Rēķini"}):
        boss.submit(boss.get(own), own, **typed)
    change(gallery.app, sa.update(User).where(User.username == "ilze").values(role=Role.AGENT))
    boss.get(own), boss.get(ours)
    boss.post(own, boss.get(ours).form(ours).fields)
    change(gallery.app, sa.update(User).where(User.username == "ilze").values(role=Role.SUPERVISOR))
    boss.submit(boss.get(own), own, act="delete")
    held = fetch(gallery.app, sa.select(CannedReply.__table__))
    change(gallery.app, sa.delete(CannedReply))
    boss.get(where)
    change(gallery.app, sa.insert(CannedReply).values([dict(row._mapping) for row in held]))


def _answered(gallery: Gallery) -> int:
    """A conversation in which she has answered before; its number."""
    ((mine,),) = fetch(gallery.app, sa.select(User.id).where(User.username == "ilze"))
    wrote = {"from_staff": True, "author": "Ilze Kļaviņa", "actor_user_id": mine, "sent_at": utc_now()}
    change(gallery.app, sa.insert(Message).values(public_id="answeredbefore", thread_id=501, body="Labdien, Anna!", **wrote))
    return 501


def _colleague(app: Flask, number: int) -> None:
    about = {"id": 700, "username": "rasa2", "name": "Rasa Kalniņa", "role": Role.AGENT, "created_at": utc_now()}
    change(app, sa.insert(User).values(terms_version=0, password_issued=False, **about))
    same = {"user_id": 700, "seen_at": utc_now(), "is_note": False, "once": ""}
    change(app, sa.insert(Composing).values(thread_id=number, since=utc_now(), body="Rakstu\nes.", **same))
    change(app, sa.insert(Composing).values(thread_id=502, since=utc_now(), body="", **same))
    change(app, sa.insert(Composing).values(thread_id=502, since=None, body="", **same | {"user_id": 2}))


def _polls(ilze: Visitor, one: str) -> None:
    """The first question of a tab, then one with something new, then one without."""
    token = next(form.fields["csrf_token"] for form in ilze.get(INBOX).forms if "csrf_token" in form.fields)
    for query in ("thread=0", "thread=502", "thread=0&since=1"):
        page = ilze.post(f"/staff/poll?{query}", {"csrf_token": token}, headers=HTMX)
        for told in re.findall(r"/poll\?([^\"]*)", page.html):
            ilze.post(f"/staff/poll?{told.replace('&amp;', '&')}", {"csrf_token": token}, headers=HTMX)
    ilze.post(f"{one}/draft?auto=1", {"csrf_token": token, "body": "Rak"}, headers=HTMX)
