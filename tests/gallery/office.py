"""The office: staff and their roles, their own second factors, the figures, and imports."""

from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import sqlalchemy as sa

from jobs.imports import import_due
from models import figures
from models.factors import Factor
from models.figures import Figures
from models.imports import BROKEN, KINDS, ImportJob
from models.outbox import Mail
from models.overrides import Override
from models.people import User
from models.quarantine import Quarantined
from models.types import Role, utc_now
from tests.banking import camt, ntry, tx
from tests.cast import PASSWORD, TODAY
from tests.gallery import Gallery, Visitor
from tests.gallery.furniture import Extra
from tests.standing import change, fetch
from tests.views.factor_help import HOME
from views.limits import limiter

USERS, BOARD, IMPORTS, CHECKS = "/staff/users", "/staff/dashboard", "/staff/imports", "/staff/checks"
ROWS = "external_id;code;name;email\nNEW1;90001;Jānis;x\nNEW3;90003;Ieva;ieva@example.lv\n"


def office(gallery: Gallery, extra: Extra) -> None:
    """An administrator does all of it; a supervisor looks at imports."""
    limiter.reset()
    _rank(gallery, Role.ADMINISTRATOR)
    ilze = gallery.visitor("ilze", again=True)
    ilze.get("/staff")
    _colleagues(gallery, ilze)
    _own_factors(gallery, ilze)
    _figures(gallery, ilze)
    _imports(gallery, ilze)
    _checks(gallery, ilze)
    _rank(gallery, Role.SUPERVISOR)
    for path in (IMPORTS, f"{IMPORTS}/1", CHECKS):
        ilze.get(path)
    change(gallery.app, sa.delete(ImportJob))
    ilze.get(IMPORTS)
    _rank(gallery, Role.AGENT)
    limiter.reset()


def _rank(gallery: Gallery, role: Role) -> None:
    change(gallery.app, sa.update(User).where(User.username == "ilze").values(role=role))


def _colleagues(gallery: Gallery, ilze: Visitor) -> None:
    page, zane = ilze.get(USERS), {"name": "Zanda Liepa", "email": "zanda@example.lv", "role": "supervisor", "language": "lv"}
    for typed in ({}, {"name": "Zane"}, {"name": "Zane", "email": "anna@example.com"}, zane):
        ilze.submit(page, USERS, **{"role": "agent", "language": "lv"} | typed)
    number = fetch(gallery.app, sa.select(User.id).where(User.email == "zanda@example.lv"))[0].id
    own = fetch(gallery.app, sa.select(User.id).where(User.username == "ilze"))[0].id
    one = f"{USERS}/{number}"
    page = ilze.get(one)
    for act in ("role", "invite", "disable", "invite", "enable"):
        ilze.submit(page, one, act=act, role="agent")
    ilze.post(one, page.form(one).fields | {"act": "x"})
    ilze.get(f"{USERS}/{own}")
    ilze.post(f"{USERS}/{own}", page.form(one).fields | {"act": "disable"})
    for kind in ("passkey", "totp"):
        change(gallery.app, sa.insert(Factor).values(user_id=number, kind=kind, name="", secret="x", counter=0, created_at=utc_now()))
        ilze.get(USERS)
    change(gallery.app, sa.update(User).where(User.id == number).values(disabled_at=utc_now()))
    ilze.get(USERS)


def _own_factors(gallery: Gallery, ilze: Visitor) -> None:
    """She has only an app: it stays."""
    page = ilze.get(HOME)
    [row] = fetch(gallery.app, sa.select(Factor.id).join(User, User.id == Factor.user_id).where(User.username == "ilze", Factor.kind == "totp"))
    page = ilze.get(f"{HOME}/remove?factor={row.id}")
    ilze.submit(page, f"{HOME}/remove", old=PASSWORD)


def _figures(gallery: Gallery, ilze: Visitor) -> None:
    held = gallery.app.extensions["ekabinets"]
    change(gallery.app, sa.delete(Figures))
    ilze.get(BOARD)
    figures.count(held.database, held.site, held.clock)
    ilze.get(BOARD)
    days = {f"2026-11-{day:02}": day * 37 % 400 for day in range(1, 31)}
    waiting = {"count": 12, "median": 95, "most": 1400}
    kinds = {"cold_water": [31250, 40120], "hot_water": [28800, 39950], "electricity": [0, 120]}
    people = {"all": 41200, "registered": 35430, "e_invoices": 34180}
    change(gallery.app, sa.update(Figures).values(detail={"customers": people, "letters": 3, "kinds": kinds, "days": days, "waiting": waiting}))
    ilze.get(BOARD)
    change(gallery.app, sa.update(Figures).values(detail={"customers": dict.fromkeys(people, 0), "letters": 0, "kinds": {}, "days": {"2026-11-30": 0}, "waiting": {"count": 0}}))
    ilze.get(BOARD)


def _checks(gallery: Gallery, ilze: Visitor) -> None:
    """Everything is wrong, then nothing; letters that wait, went and came back; a house with windows of its own."""
    app = gallery.app
    held = app.extensions["ekabinets"]
    for kind in ("answer", "password_reset", "notice"):
        ilze.submit(ilze.get(CHECKS), CHECKS, kind=kind, language="ru")
    tests = [row.id for row in fetch(app, sa.select(Mail.id).order_by(Mail.id.desc()).limit(3))]
    for number, values in zip(tests, ({"sent_at": utc_now()}, {"parked_at": utc_now(), "error": "550 5.1.1 no such mailbox here"}, {"due_at": utc_now() - timedelta(days=2)}), strict=True):
        change(app, sa.update(Mail).where(Mail.id == number).values(values))
    change(app, sa.insert(Quarantined).values([{"file_hash": f"{n}", "found": "Eicar" * n, "held_at": utc_now(), "due_at": utc_now()} for n in range(2)]))
    change(app, sa.insert(Override).values(id=900, house_id=1, opens="3", closes="5", valid_from=TODAY, created_at=utc_now()))
    change(app, sa.delete(Figures))
    change(app, sa.update(ImportJob).values(state="failed"))
    bad = {"smtp_host": "mail.example.lv", "trusted_hosts": ("*", "localhost", "127.0.0.1"), "identifier_key": held.settings.secret_key, "s3_endpoint": "http://x.lv", "smtp_security": "none", "files_dir": Path("nowhere")}
    app.extensions["ekabinets"] = replace(held, settings=held.settings.model_copy(update=bad))
    for path in (f"{CHECKS}?people=1", CHECKS):
        ilze.get(path)
    change(app, sa.delete(Quarantined).where(Quarantined.file_hash.in_(["0", "1"])))
    change(app, sa.delete(Override).where(Override.id == 900))
    figures.count(held.database, held.site, held.clock)
    change(app, sa.update(Mail).where(Mail.sent_at.is_(None)).values(due_at=utc_now() + timedelta(days=1)))
    good = {"scanner": "clamd://x", "trust_dir": "x", "mail_from": "a@example.lv", "storage": "s3://x", "argon2_memory_kib": 19456, "argon2_time": 2}
    app.extensions["ekabinets"] = replace(held, settings=held.settings.model_copy(update=good))
    ilze.get(CHECKS)
    change(app, sa.update(Mail).where(Mail.sent_at.is_(None)).values(due_at=utc_now()))
    app.extensions["ekabinets"] = held
    page = ilze.get(CHECKS)
    change(app, sa.delete(ImportJob))
    ilze.get(CHECKS)
    address = fetch(app, sa.select(User.email).where(User.username == "ilze"))[0].email
    change(app, sa.update(User).where(User.username == "ilze").values(email=None))
    ilze.submit(page, CHECKS, kind="answer", language="lv")
    ilze.submit(page, CHECKS, kind="x", language="lv")
    change(app, sa.update(User).where(User.username == "ilze").values(email=address))
    change(app, sa.delete(Mail).where(Mail.id.in_(tests)))


def _send(ilze: Visitor, text: str, kind: str = "customers", name: str = "klienti.csv") -> str:
    """Send a file; where it leads."""
    ilze.post(IMPORTS, ilze.get(IMPORTS).form(IMPORTS).fields | {"kind": kind, "file": (BytesIO(text.encode()), name)})
    return ilze.response.request.path


def _imports(gallery: Gallery, ilze: Visitor) -> None:
    held = gallery.app.extensions["ekabinets"]
    for text, kind, name in ((ROWS, "", "a.csv"), (ROWS, "customers", ""), (ROWS, "customers", "a.exe"), ("", "customers", "a.csv")):
        _send(ilze, text, kind, name)
    one = _send(ilze, ROWS)
    _send(ilze, ROWS)
    for more in ({"leased_until": utc_now() + timedelta(hours=1)}, {"leased_until": utc_now() - timedelta(hours=1)}, {"leased_until": utc_now() + timedelta(hours=1), "state": "importing", "rows": 2000, "part": 60}):
        change(gallery.app, sa.update(ImportJob).values(more))
        ilze.look(one)
        ilze.look(f"{one}?poll=1", {"HX-Request": "true"})
    change(gallery.app, sa.update(ImportJob).values(leased_until=None, state="checking", rows=0, part=0))
    import_due(held)
    page = ilze.get(one)
    ilze.get(IMPORTS)
    ilze.look(f"{one}/errors.csv")
    for table in KINDS:
        ilze.get(f"{IMPORTS}/templates/{table}")
    ilze.look(f"{IMPORTS}/templates/readings.csv")
    ilze.post(one, page.form(one).fields | {"act": "import"})
    many = _send(ilze, "external_id\tcode\tname\temail\n" + "".join(f"A{n}\tA{n}\tA\tx\n" for n in range(120)))
    ilze.submit(page, one, act="import", missing="1")
    import_due(held)
    ilze.get(many)
    ilze.submit(page, one, act="import", missing="1")
    import_due(held)
    ilze.get(one)
    ilze.submit(page, one, act="import", missing="1")
    _ends(gallery, ilze)


def _ends(gallery: Gallery, ilze: Visitor) -> None:
    """All of the kinds, as ZIP and with commas; what fails, and what is given up."""
    held = gallery.app.extensions["ekabinets"]
    one = _send(ilze, "external_id,code,name\nNEW5,95000,Z\n")
    import_due(held)
    ilze.submit(ilze.get(one), one, act="cancel")
    for data in (camt(ntry("1.00", tx()), ntry("2.00", tx(), name="REF2", sign="DBIT")), camt(head="<!DOCTYPE a>")):
        one = _send(ilze, data.decode(), "bank_entries", "izraksts.xml")
        import_due(held)
        ilze.get(one)
        ilze.submit(ilze.get(one), one, act="cancel")
    one = _send(ilze, "no zip", "archive", "viss.zip")
    import_due(held)
    ilze.get(one)
    change(gallery.app, sa.update(ImportJob).where(ImportJob.error != "").values(error=BROKEN))
    ilze.get(one)
    ilze.get(IMPORTS)
