"""The desk for e-mails with readings: recognised or not, what is asked, and how it was settled."""

import sqlalchemy as sa

from models.people import User
from models.reading_mails import ReadingMail
from models.readings import Reading
from models.tenures import Tenure
from models.types import utc_now
from tests.cast import month
from tests.gallery import Gallery, Visitor
from tests.gallery.furniture import Extra
from tests.mails import MAILS, brought
from tests.standing import change, fetch
from views.limits import limiter


def mailed(gallery: Gallery, _extra: Extra) -> None:
    """E-mails of Anna's and of strangers; what was saved of them goes away again."""
    limiter.reset()
    app, cast, ilze, known = gallery.app, gallery.cast, gallery.visitor("ilze", again=True), sa.update(User).where(User.username == "anna")
    last, before = fetch(app, sa.select(sa.func.max(Reading.id)))[0][0], fetch(app, sa.select(User.email).where(User.username == "anna"))[0].email
    for path in (MAILS, f"{MAILS}?show=done"):
        ilze.get(path)
    change(app, known.values(email="anna@example.com"))
    one = brought(app, "Labdien!\n\nKlienta nr. 20417, aukstais ūdens 1955,\nkarstais 529. Paldies\n\n20418: aukstais 97")
    strange = brought(app, "", subject="", sender="x@example.com")
    change(app, sa.update(ReadingMail).where(ReadingMail.id == int(strange.rpartition("/")[2])).values(files=1))
    for path in (MAILS, strange, f"{strange}?code=xyz", f"{strange}?code=20417"):
        ilze.get(path)
    change(app, known.values(email=before))
    _saved(gallery, ilze, one, f"r-{cast.cold}-1")
    _dismissed(ilze, strange)
    for number in range(26):
        brought(app, subject=f"Nr {number}")
    ilze.get(MAILS)
    change(app, sa.update(ReadingMail).where(ReadingMail.subject != "").values(decided_at=utc_now()))
    ilze.get(f"{MAILS}?show=done")
    gallery.visitor("anna", again=True).get("/activity?show=data")
    change(app, sa.update(Reading).where(Reading.superseded_by_id > last).values(superseded_by_id=None, superseded_at=None))
    change(app, sa.delete(Reading).where(Reading.id > last))
    change(app, sa.delete(ReadingMail))


def _saved(gallery: Gallery, ilze: Visitor, one: str, field: str) -> None:
    """Wrong, asked about, saved for one address and waiting for the other, then saved."""
    page = ilze.get(one)
    action = next(form.action for form in page.forms if "&at=" in form.action)
    ilze.submit(page, action, **{field: "x"})
    page = ilze.submit(page, action)
    ilze.submit(ilze.get(one), action, **{field: "196"}, more="1")
    gallery.visitor("anna", again=True).get(f"/meters/{gallery.cast.cold}")
    gone = sa.update(Tenure).where(Tenure.customer_id == 1, Tenure.ends_on.is_(None))
    kept = [row.id for row in fetch(gallery.app, sa.select(Tenure.id).where(Tenure.customer_id == 1, Tenure.ends_on.is_(None)))]
    change(gallery.app, gone.values(ends_on=month(1)))
    ilze.get(one)
    ilze.submit(page, action)
    change(gallery.app, sa.update(Tenure).where(Tenure.id.in_(kept)).values(ends_on=None))
    ilze.submit(ilze.get(one), action, **{field: "197"})
    ilze.submit(page, action, once="another-one-id-1")
    ilze.get(one)


def _dismissed(ilze: Visitor, strange: str) -> None:
    """With a reason or without one, and taken back."""
    ilze.submit(ilze.get(strange), f"{strange}?code=", act="nonsense")
    for reason in ("", "Advertising"):
        ilze.submit(ilze.get(strange), f"{strange}?code=", act="dismiss", reason=reason)
    ilze.get(strange)
    ilze.submit(ilze.get(strange), f"{strange}?code=", act="undo")
