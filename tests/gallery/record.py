"""The states of the page of activities: all acts there are, by helpers and by staff, on more than one page."""

from datetime import timedelta

import sqlalchemy as sa

from models import activity
from models.audit import Actor, AuditRow
from models.people import User
from models.premises import Premises
from models.types import utc_now
from tests.gallery import Gallery
from tests.gallery.furniture import SERVICE, Extra
from tests.standing import change, fetch
from views.activity import PAGE

PURPOSE = f"Atbilde uz jautājumu: {SERVICE}"


def record(gallery: Gallery, extra: Extra) -> None:
    """Marta's helper has done a lot, staff have looked, and she has done all that one can do."""
    marta = gallery.visitor("marta")
    ((own, customer),) = fetch(gallery.app, sa.text("SELECT user_id, customer_id FROM customer_user JOIN user_account ON id = user_id WHERE username = 'marta'"))
    ((flat,),) = fetch(gallery.app, sa.select(Premises.id).where(Premises.public_id == extra.flat))
    (liga,), (ilze,) = fetch(gallery.app, sa.select(User.id).where(User.username.in_(["liga", "ilze"])).order_by(User.id))
    words = vars(gallery.app.extensions["languages"]["en"].get_template("activity/_words.txt").module)
    acts, kinds = [*words["acts"]], [*words["categories"], SERVICE]
    helped = [(Actor(liga, "delegate", customer, version), "reading.submitted", {"premises_id": flat}) for version in (1, None) for _ in range(PAGE)]
    looked = [(Actor(ilze, "staff", customer), "customer.viewed", {"detail": {"purpose": PURPOSE, "category": kind}}) for kind in kinds]
    done = [(Actor(own, "web", None, version), act, {"premises_id": flat if version else None}) for act in acts for version in (1, None)]
    told = [(Actor(None, "command"), act, {"object_type": "user", "object_id": own}) for act in ("account.issued", "customers.joined")]
    everything = [*helped, *looked, *done, *told]
    for number, (actor, act, about) in enumerate(everything):
        values = {"at": utc_now() - timedelta(hours=len(everything) - number), "action": act, "source": actor.source, "detail": {}, "actor_user_id": actor.user_id}
        who = {"principal_customer_id": actor.principal_customer_id, "mandate_version": actor.mandate_version}
        change(gallery.app, sa.insert(AuditRow).values(values | who | about))
    for name in activity.LISTS:
        marta.get(f"/activity?show={name}")
    site = gallery.app.extensions["ekabinets"].site
    with gallery.when(site=site.model_copy(update={"staff_names": True})):
        marta.get("/activity?show=data")
    gallery.visitor("peteris").get("/activity?show=data")
