"""The states of “My data”: nothing yet, wrong passwords, being prepared, ready, ready today."""

import sqlalchemy as sa

from models.copies import DataCopy
from models.people import User
from models.throttle import Throttle
from models.types import utc_now
from tests.cast import PASSWORD
from tests.gallery import Gallery
from tests.gallery.furniture import Extra
from tests.keeping import DATA
from tests.standing import change, fetch


def copies(gallery: Gallery, _extra: Extra) -> None:
    """Asked for by Līga, who has no copy yet."""
    liga = gallery.visitor("liga", again=True)
    page = liga.get(DATA)
    for old in ("", *["wrong"] * 11):
        liga.submit(page, DATA, old=old)
    change(gallery.app, sa.delete(Throttle))
    liga.submit(page, DATA, old=PASSWORD)
    (row,) = fetch(gallery.app, sa.select(User.id).where(User.username == "liga"))
    made = {"made_at": utc_now(), "file_hash": "0" * 64, "size": 12_345_678}
    change(gallery.app, sa.update(DataCopy).where(DataCopy.user_id == row.id).values(made))
    liga.get(DATA)
    change(gallery.app, sa.delete(DataCopy).where(DataCopy.user_id == row.id))
