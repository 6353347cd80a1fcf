"""Documents by staff: nothing yet, what is wrong, put up, withdrawn, many."""

from io import BytesIO

import sqlalchemy as sa

from models.documents import Document
from models.people import User
from models.premises import Premises
from models.types import Role
from tests.cast import TODAY
from tests.gallery import Gallery
from tests.gallery.furniture import Extra
from tests.standing import change, fetch
from views.limits import limiter

ALL = "/staff/documents"


def puts_up(gallery: Gallery, extra: Extra) -> None:
    """A supervisor fills in the form in every way; what was put up here is gone again."""
    limiter.reset()
    app, (flat,) = gallery.app, fetch(gallery.app, sa.select(Premises.address).where(Premises.public_id == gallery.cast.flat))
    change(app, sa.update(User).where(User.username == "ilze").values(role=Role.SUPERVISOR))
    ilze = gallery.visitor("ilze", again=True)
    pdf = b"%PDF-1.7 a page"
    for typed in ({}, {"to": flat.address}, {"title": "x" * 201, "issued": "2999-01-01"}, {"files": ("a.exe", b"MZ")}, {"files": ("a.pdf", pdf)}, {"once": "x"}):
        files = {"files": (BytesIO(typed["files"][1]), typed["files"][0])} if "files" in typed else {}
        fields = ilze.get(ALL).form(ALL).fields
        ilze.post(ALL, {name: value for name, value in fields.items() if name != "files"} | {"to": flat.address if files else "", "kind": "act"} | typed | files)
    token = ilze.get(ALL).form(ALL).fields["csrf_token"]
    number = fetch(app, sa.select(sa.func.max(Document.id)))[0][0]
    for reason in ("", "Cita dzīvokļa"):
        ilze.post(f"{ALL}/withdraw", {"csrf_token": token, "document": str(number), "reason": reason})
    rows = [{"public_id": f"d{n}", "external_id": f"portal-{n}", "house_id": 1, "title": f"Nr. {n}", "issued_on": TODAY, "file_hash": "0" * 64, "file_name": "a.pdf", "size": 1} for n in range(55)]
    change(app, sa.insert(Document).values(rows))
    for path in (ALL, f"{ALL}?before=0"):
        ilze.get(path)
    change(app, sa.delete(Document).where(Document.external_id.like("portal-%")))
    change(app, sa.update(User).where(User.username == "ilze").values(role=Role.AGENT))
    limiter.reset()
