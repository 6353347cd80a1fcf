"""The desks of staff: powers of attorney, requests, hand-overs, readings, reading windows."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import mkdtemp

import sqlalchemy as sa

from models.absences import Absence
from models.access_requests import AccessRequest
from models.attorneys import Attorney
from models.customers import Customer, CustomerUser
from models.handovers import Handover
from models.identifiers import Identifiers
from models.identities import Identity
from models.mandates import Mandate
from models.overrides import Override
from models.people import User
from models.premises import House
from models.readings import Reading
from models.tenures import Tenure
from models.threads import Message, MessageFile, Thread
from models.types import Role, utc_now
from tests.cast import TODAY
from tests.desks import PREMISES, READINGS, WINDOW, WINDOWS, application, asked, flagged, handed
from tests.gallery import Gallery, Visitor
from tests.gallery.furniture import Extra
from tests.powers import ASKED, CHECKED, DESK
from tests.signing import ANNA, ANNA_CODE, LIGA, Signer, container, trusting, xades
from tests.standing import change, fetch
from views.limits import limiter

FLAGS = ("lower", "rollover_likely", "high", "times_1000", "extra_digit", "transposed", "swapped", "zero", "absence")


def staffed(gallery: Gallery, _extra: Extra) -> None:
    """An agent looks, a supervisor decides."""
    limiter.reset()
    attorneys = application(gallery.app)
    agent = gallery.visitor("ilze", again=True)
    handed(gallery.app)
    asked(gallery.app)
    for path in ("/staff", DESK, f"{DESK}/{attorneys}", ASKED, PREMISES, READINGS, WINDOWS):
        agent.get(path)
    change(gallery.app, sa.update(User).where(User.username == "ilze").values(role=Role.SUPERVISOR))
    ilze = gallery.visitor("ilze", again=True)
    _checklists(gallery, ilze, attorneys)
    _two_check(gallery, ilze)
    _signatures(gallery, ilze)
    _lists(gallery, ilze)
    _readings(gallery, ilze)
    limiter.reset()
    _windows(gallery, ilze)
    change(gallery.app, sa.update(User).where(User.username == "ilze").values(role=Role.AGENT))
    limiter.reset()


def _act(visitor: Visitor, path: str, **typed: object) -> None:
    visitor.post(path, visitor.get("/staff").form("/logout").fields | typed)


def _checklists(gallery: Gallery, ilze: Visitor, number: int) -> None:
    """One that is accepted, suspended, resumed and ended; one that is refused; what cannot be."""
    one, right = f"{DESK}/{number}", CHECKED | {"customer": "20418", "premises": ["P35"]}  # Līga is the other one by now
    for path in (DESK, f"{DESK}?view=all", one, f"{one}?customer=77777"):
        ilze.get(path)
    _act(ilze, one, act="check", customer="20417")
    for sent in ({"act": "?"}, {"act": "refuse", "reason": ""}, right, right, {"act": "suspend"}, {"act": "resume"}, {"act": "revoke"}):
        _act(ilze, one, **sent)
        ilze.get(one)
    ilze.get(f"{one}/document")
    _act(ilze, f"{DESK}/{application(gallery.app)}", act="refuse", reason="Pilnvara ir beigusies.")
    for number in range(52):
        application(gallery.app, public_id=f"g{number}")
    ilze.get(DESK)
    change(gallery.app, sa.update(Attorney).where(Attorney.public_id.startswith("g")).values(decided_at=utc_now(), reason="x"))
    ilze.get(f"{DESK}?view=all")
    change(gallery.app, sa.delete(Attorney).where(Attorney.public_id.startswith("g")))
    last = application(gallery.app)
    _act(ilze, f"{DESK}/{last}", **right | {"until": f"{TODAY + timedelta(days=9)}"})
    kept = fetch(gallery.app, sa.select(CustomerUser.__table__).where(CustomerUser.user_id == 2))
    change(gallery.app, sa.delete(CustomerUser).where(CustomerUser.user_id == 2))
    ilze.get(DESK)
    change(gallery.app, sa.insert(CustomerUser).values([{"user_id": row.user_id, "customer_id": row.customer_id} for row in kept]))
    ilze.get(f"{DESK}/{last}")


def _two_check(gallery: Gallery, ilze: Visitor) -> None:
    """Where two have to check; and what another one cannot confirm any more."""
    held, number = gallery.app.extensions["ekabinets"], application(gallery.app)
    one, right = f"{DESK}/{number}", CHECKED | {"customer": "20417"}
    with gallery.when(site=held.site.model_copy(update={"second_pair": True})):
        _act(ilze, one, **right)
        for path in (one, DESK):
            ilze.get(path)
        row = fetch(gallery.app, sa.select(Attorney.checked).where(Attorney.id == number))[0]
        change(gallery.app, sa.update(Attorney).where(Attorney.id == number).values(checked=row.checked | {"by_id": 0, "by": "Jānis"}))
        ilze.get(one)
        for until, disabled in ((f"{TODAY - timedelta(days=1)}", None), ("2027-05-31", utc_now())):
            change(gallery.app, sa.update(User).where(User.username == "liga").values(disabled_at=disabled))
            change(gallery.app, sa.update(Attorney).where(Attorney.id == number).values(checked=row.checked | {"by_id": 0, "until": until}))
            _act(ilze, one, act="confirm", seen=row.checked["list"])
        change(gallery.app, sa.update(User).where(User.username == "liga").values(disabled_at=None))
        change(gallery.app, sa.update(Attorney).where(Attorney.id == number).values(user_id=1))
        _act(ilze, one, act="confirm", seen=row.checked["list"])
        change(gallery.app, sa.update(Attorney).where(Attorney.id == number).values(user_id=4, checked=row.checked | {"by_id": 0, "premises": ["P35"]}))
        _act(ilze, one, act="confirm", seen=row.checked["list"])
    change(gallery.app, sa.delete(Attorney).where(Attorney.id == number))


def _in_a_message(gallery: Gallery, ilze: Visitor, file_hash: str) -> None:
    """The same document, which Līga has sent in a message."""
    same = {"topic": "submission", "language": "lv", "began_on": utc_now().date(), "changed_at": utc_now()}
    change(gallery.app, sa.insert(Thread).values(same | {"id": 570, "public_id": "signed", "user_id": 4, "latest_id": 9570}))
    change(gallery.app, sa.insert(Message).values(id=9570, public_id="signed", thread_id=570, body="x", sent_at=utc_now(), actor_user_id=4))
    change(gallery.app, sa.insert(MessageFile).values(public_id="signed", message_id=9570, name="a.edoc", file_hash=file_hash, size=2000))
    ilze.get("/staff/inbox/570")
    ilze.get("/staff/inbox/570/files/signed/signatures")
    for table, mine in ((MessageFile, MessageFile.message_id), (Message, Message.id)):
        change(gallery.app, sa.delete(table).where(mine == 9570))
    change(gallery.app, sa.delete(Thread).where(Thread.id == 570))


def _signatures(gallery: Gallery, ilze: Visitor) -> None:
    """Signed by everybody, by strangers, by nobody; broken; and what cannot be read."""
    held, known = gallery.app.extensions["ekabinets"], Identifiers(gallery.app.extensions["ekabinets"].settings.identifier_key)
    folder = trusting(Path(mkdtemp()))
    settings = held.settings.model_copy(update={"trust_dir": str(folder)})
    gallery.app.extensions["ekabinets"] = replace(held, settings=settings)
    change(gallery.app, sa.update(Customer).where(Customer.code == "20417").values(identifier_hash=known.hash(ANNA_CODE)))
    change(gallery.app, sa.insert(Identity).values(user_id=4, family="bank", provider="B", issuer="desk", subject="l", code_hash=known.hash("32000000001"), linked_at=utc_now(), used_at=utc_now()))
    other, nobody = Signer("X Y", "PNOLV-33000000002"), Signer("X Y", "PNOEE-1")
    signed = [xades(), xades(who=LIGA), xades(who=other), xades(who=nobody), xades(who=replace(ANNA, issuer="OTHER CA", issued_by=8))]
    for name, content in (("a.edoc", container(signatures=signed)), ("a.edoc", container(signatures=[])), ("a.edoc", container(head="<!DOCTYPE a>")), ("a.pdf", b"%PDF-1.7 x")):
        number = application(gallery.app, file_name=name, file_hash=held.storage.put(content))
        ilze.get(f"{DESK}/{number}?signatures=1")
        change(gallery.app, sa.delete(Attorney).where(Attorney.id == number))
    _in_a_message(gallery, ilze, held.storage.put(container(signatures=signed)))
    gallery.app.extensions["ekabinets"] = held
    change(gallery.app, sa.update(Customer).values(identifier_hash=None))
    change(gallery.app, sa.delete(Identity).where(Identity.issuer == "desk"))
    change(gallery.app, sa.delete(Attorney))
    for path in (DESK, f"{DESK}?view=all"):
        ilze.get(path)
    change(gallery.app, sa.text("UPDATE mandate SET ended_at = accepted_at WHERE granted_by IS NULL"))
    assert fetch(gallery.app, sa.select(Mandate.id).where(Mandate.granted_by.is_(None))) != []


def _lists(gallery: Gallery, ilze: Visitor) -> None:
    """Requests, hand-overs and absences: answered once and twice, none and too many."""
    for path, number in ((ASKED, asked(gallery.app)), (PREMISES, handed(gallery.app, readings=[]))):
        for _ in range(2):
            _act(ilze, path, number=str(number))
    _act(ilze, ASKED, number="x")
    for table in (AccessRequest, Handover, Absence):
        change(gallery.app, sa.delete(table))
    for path in (ASKED, PREMISES):
        ilze.get(path)
    for number in range(51):
        asked(gallery.app, f"W{number}")
        away = {"public_id": f"away{number}", "premises_id": 1, "starts_on": TODAY, "ends_on": TODAY, "announced_on": TODAY, "valves_closed": number % 2 == 0}
        change(gallery.app, sa.insert(Absence).values(away))
    for path in (ASKED, PREMISES):
        ilze.get(path)
    for table in (AccessRequest, Absence):
        change(gallery.app, sa.delete(table))


def _readings(gallery: Gallery, ilze: Visitor) -> None:
    """Each reason; accepted, rejected, without a reason; who has sent none, and what came late."""
    numbers = [flagged(gallery.app, flag) for flag in FLAGS]
    numbers.append(flagged(gallery.app, "high", "2222", read_on=TODAY - timedelta(days=4000)))
    ilze.get(READINGS)
    for sent in ({"act": "reject", "reason": ""}, {"act": "reject", "reason": "Paskatieties vēlreiz."}, {"act": "accept"}, {"act": "?"}):
        _act(ilze, READINGS, number=str(numbers[0]), **sent)
    _act(ilze, READINGS, number=str(numbers[1]), act="accept")
    before = (TODAY.replace(day=1) - timedelta(days=1)).replace(day=1)
    ilze.get(f"{READINGS}?state=late")
    more = [flagged(gallery.app, "high", source="staff", period=before) for _ in range(28)]
    more.append(flagged(gallery.app, None, "87654321", source="slip"))
    for state in ("suspicious", "late", "missing", "missing&key=999999"):
        ilze.get(f"{READINGS}?state={state}")
    for number in range(20):
        change(gallery.app, sa.insert(House).values(external_id=f"Z{number}", address=f"Zaļā iela {number:02}", town="Ogre", postcode=""))
    houses = [row.id for row in fetch(gallery.app, sa.select(House.id).order_by(House.id))]
    for path in ("?state=missing", f"/houses/{houses[0]}", f"/houses/{houses[-1]}", f"/houses/{houses[0]}/missing.csv"):
        ilze.get(f"{READINGS}{path}")
    change(gallery.app, sa.delete(House).where(House.external_id.startswith("Z")))
    tenures = fetch(gallery.app, sa.select(Tenure.id, Tenure.starts_on).where(Tenure.premises_id == 2))
    change(gallery.app, sa.update(Tenure).where(Tenure.premises_id == 2).values(starts_on=TODAY + timedelta(days=1)))
    ilze.get(f"{READINGS}/houses/{houses[0]}")
    for row in tenures:
        change(gallery.app, sa.update(Tenure).where(Tenure.id == row.id).values(starts_on=row.starts_on))
    change(gallery.app, sa.delete(Reading).where(Reading.id.in_([*numbers, *more])))


def _windows(gallery: Gallery, ilze: Visitor) -> None:
    """A change is looked at, saved, in the way of another, edited, withdrawn; one that holds is ended."""
    for sent in ({"act": "preview"}, {"act": "preview", "from": "2031-01-01", "until": ""}, {"opens": "x", "from": "", "until": "2001-01-01"}, {"act": "?"}, {}, {}):
        _act(ilze, WINDOWS, **WINDOW | sent)
    number = fetch(gallery.app, sa.select(Override.id))[-1].id
    ilze.get(f"{WINDOWS}?change={number}")
    change(gallery.app, sa.insert(Override).values(house_id=1, opens="20", closes="last", valid_from=TODAY, created_at=utc_now()))
    held = fetch(gallery.app, sa.select(sa.func.max(Override.id)))[0][0]
    ilze.get(f"{WINDOWS}?house=1")
    _act(ilze, WINDOWS, **WINDOW | {"number": str(held)})
    _act(ilze, WINDOWS, **WINDOW | {"house": "1", "kind": ""})
    for one in (number, held, held):
        _act(ilze, WINDOWS, act="end", number=str(one))
    change(gallery.app, sa.delete(Override))
