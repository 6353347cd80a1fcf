"""Notices by staff in every state: draft, preview, what is wrong, scheduled, published, over, taken back, confirmed."""

from datetime import timedelta
from io import BytesIO

import sqlalchemy as sa

from models.notices import Notice, NoticeReceipt, NoticeText
from models.outbox import Mail
from models.people import User
from models.premises import House, Premises
from models.types import Role, utc_now
from tests.cast import TODAY
from tests.gallery import Gallery, Visitor
from tests.gallery.furniture import Extra
from tests.standing import change, fetch
from views.limits import limiter

ALL, NEW = "/staff/notices", "/staff/notices/new"
SAID = {"title_lv": "Ūdens nebūs", "body_lv": "Rīt no 9 līdz 15.\nSagatavojiet ūdeni.\n\nPaldies!"}


def composes(gallery: Gallery, extra: Extra) -> None:
    """An agent reads; a supervisor writes, looks, publishes, takes back; Anna confirms."""
    limiter.reset()
    gallery.visitor("ilze", again=True).get(f"{ALL}/1")
    change(gallery.app, sa.update(User).where(User.username == "ilze").values(role=Role.SUPERVISOR))
    ilze = gallery.visitor("ilze", again=True)
    _faults(gallery, ilze)
    _drafts(gallery, ilze)
    _published(gallery, ilze)
    _nothing_and_many(gallery, ilze)
    change(gallery.app, sa.update(User).where(User.username == "ilze").values(role=Role.AGENT))
    limiter.reset()


def _save(gallery: Gallery, ilze: Visitor, **typed: str) -> str:
    """The address of a new draft."""
    ilze.submit(ilze.get(NEW), NEW, **SAID | typed)
    return f"{ALL}/{fetch(gallery.app, sa.select(sa.func.max(Notice.id)))[0][0]}"


def _faults(gallery: Gallery, ilze: Visitor) -> None:
    wrong = (
        {}, {"title_lv": "x", "body_lv": "x", "emergency": "1"}, {"works_at": "2031-01-01T00:00", "valid_until": "2001-01-01T00:00"}, {"to": "Nekur 1"},
        {"to": "20417", "for_all": "1"}, {"title_en": "Only a title"},
    )  # fmt: skip
    for typed in wrong:
        ilze.submit(ilze.get(NEW), NEW, **typed)
    ilze.post(NEW, {**ilze.get(NEW).form(NEW).fields, "once": "x"})


def _drafts(gallery: Gallery, ilze: Visitor) -> None:
    """For nobody, for a house, with files; changed by two at once."""
    one = _save(gallery, ilze, title_en="No water", body_en="Tomorrow.")
    opened = ilze.get(f"{one}/edit")
    ilze.post(f"{one}/publish", {"csrf_token": opened.form(f"{one}/edit").fields["csrf_token"]})
    (house,) = fetch(gallery.app, sa.select(House.address, House.town).order_by(House.id).limit(1))
    ilze.submit(opened, f"{one}/edit", title_lv="")
    ilze.submit(opened, f"{one}/edit", **SAID, body_en="Tomorrow.", to=f"{house.address}, {house.town}", emergency="1", reason="Plīsusi caurule", valid_until=f"{TODAY + timedelta(days=3)}T12:00")
    ilze.submit(opened, f"{one}/edit", body_lv="Cits", body_en="Another")
    page = ilze.get(one)
    for name, content in (("a.pdf", b"%PDF-1.7 a page"), ("b.exe", b"MZ")):
        page = ilze.post(f"{one}/files", {**page.form(f"{one}/files").fields, "files": (BytesIO(content), name)})
    ilze.get(one)
    many = fetch(gallery.app, sa.select(Premises.address).order_by(Premises.id).limit(30))
    _save(gallery, ilze, to="\n".join(row.address for row in many), works_at=f"{TODAY + timedelta(days=1)}T12:00", valid_until=f"{TODAY + timedelta(days=2)}T12:00")
    for at in ("2001-01-01T00:00", ""):
        ilze.submit(ilze.get(one), f"{one}/publish", at=at)
    ilze.get(one)


def _published(gallery: Gallery, ilze: Visitor) -> None:
    """Scheduled; out with a question for confirmation, by nobody and by all; near another one; taken back."""
    app, (flat,) = gallery.app, fetch(gallery.app, sa.select(Premises.address).where(Premises.public_id == gallery.cast.flat))
    later = _save(gallery, ilze, to=flat.address)
    ilze.submit(ilze.get(later), f"{later}/publish", at=f"{TODAY + timedelta(days=2)}T12:00")
    asked = _save(gallery, ilze, to=flat.address, confirm="1", valid_until=f"{TODAY + timedelta(days=2)}T12:00")
    ilze.submit(ilze.get(asked), f"{asked}/publish")
    anna = gallery.visitor("anna")
    (row,) = fetch(app, sa.select(Notice.public_id).where(Notice.id == int(asked.rpartition("/")[2])))
    read = f"/notices/{row.public_id}"
    anna.submit(anna.get(read), f"{read}/confirm")
    ilze.get(asked)
    number = int(asked.rpartition("/")[2])
    confirmed = sa.select(User.id, sa.literal(number), sa.func.now(), sa.func.now()).where(User.id.not_in(sa.select(NoticeReceipt.user_id).where(NoticeReceipt.notice_id == number)))
    change(app, sa.insert(NoticeReceipt).from_select(["user_id", "notice_id", "read_at", "confirmed_at"], confirmed))
    ilze.get(asked)
    change(app, sa.update(Notice).where(Notice.id == number).values(valid_until=utc_now() - timedelta(days=900)))
    for path in (asked, ALL):
        ilze.get(path)
    for typed in ({"to": "Brīvības iela 12", "works_at": "2026-01-01T12:00", "valid_until": f"{TODAY + timedelta(days=2)}T12:00"}, {"for_all": "1"}, {"for_all": "1", "works_at": "2026-01-01T12:00", "valid_until": f"{TODAY + timedelta(days=2)}T12:00"}):
        one = _save(gallery, ilze, **typed)
        ilze.submit(ilze.get(one), f"{one}/publish")
    anna.get(f"/properties/{gallery.cast.flat}")
    gallery.visitor("", again=True).get("/login")
    ilze.get("/staff")
    ilze.submit(ilze.submit(ilze.get(one), f"{one}/publish", similar="1"), f"{one}/withdraw")


def _nothing_and_many(gallery: Gallery, ilze: Visitor) -> None:
    """More names and more notices than a page has; then what was written here is gone again."""
    app, mine = gallery.app, sa.select(Notice.id).where(Notice.external_id.like("portal-%"))
    asked = _save(gallery, ilze, for_all="1", confirm="1")
    ilze.submit(ilze.get(asked), f"{asked}/publish", similar="1")
    for n in range(5000, 5055):
        change(app, sa.insert(Notice).values(id=n, public_id=f"n{n}", external_id=f"portal-{n}", published_at=utc_now(), published_on=TODAY))
        change(app, sa.insert(NoticeText).values(notice_id=n, language="lv", title=f"Nr. {n}", body="x"))
    ilze.get(ALL)
    people = [{"id": n, "username": f"n{n}", "name": f"Cilvēks {n}", "role": Role.RESIDENT, "terms_version": 1, "created_at": utc_now()} for n in range(7001, 7061)]
    change(app, sa.insert(User).values(people))
    change(app, sa.text("INSERT INTO customer_user (user_id, customer_id) SELECT id, 1 FROM user_account WHERE id > 7000"))
    ilze.get(asked)
    change(app, sa.text("DELETE FROM customer_user WHERE user_id > 7000"))
    change(app, sa.delete(User).where(User.id > 7000))
    change(app, sa.delete(Mail).where(Mail.notice_id.in_(mine)))
    for table in ("notice_text", "notice_audience", "notice_file", "notice_receipt"):
        change(app, sa.text(f"DELETE FROM {table} WHERE notice_id IN (SELECT id FROM notice WHERE external_id LIKE 'portal-%')"))
    change(app, sa.delete(Notice).where(Notice.external_id.like("portal-%")))
    ilze.get(f"{ALL}?before=0")
