"""Telling the billing system what happened, and handing it readings, at a stand-in of ours that answers by HTTP."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask, request

from jobs import billing, hooks
from jobs.exchange import door
from jobs.hooks import Hooks, signature
from models import webhooks
from models.audit import Actor, record
from models.database import Database
from models.people import User
from models.readings import Reading
from models.seals import Sealer
from models.settings import Settings
from models.types import ExternalStatus, Source, utc_now
from models.webhooks import Webhook
from tests.auth.provider import serve
from tests.conftest import settings_for
from tests.standing import change, fetch

SECRET = "w" * 40


@dataclass
class Standin:
    """A billing system: what it was asked, and what it answers."""

    status: int = 204
    says: str = ""
    asked: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    notes: set[str] = field(default_factory=set)  # of the readings that it has

    def app(self) -> Flask:
        app = Flask("standin")
        app.add_url_rule("/<path:path>", view_func=self.answer, methods=["GET", "POST"])
        return app

    def answer(self, path: str) -> Any:
        self.asked.append((request.full_path.rstrip("?"), dict(request.headers), request.get_data()))
        if path.endswith("/query"):
            known = any(f"'{note}'" in request.args["filter"] for note in self.notes)
            return f"<resource>{'<entity/>' if known else ''}</resource>"
        return self.says, self.status, {"Location": "http://127.0.0.1:1/"}


@pytest.fixture
def standin() -> Standin:
    return Standin()


@pytest.fixture
def portal(app: Flask, standin: Standin) -> Iterator[Flask]:
    """The application, told of the billing system."""
    with serve(standin.app()) as address:
        held = app.extensions["ekabinets"]
        more = {"webhook_url": f"{address}/hook", "webhook_secret": SECRET, "horizon_url": f"{address}/rest", "horizon_user": "web", "horizon_password": "pw"}
        app.extensions["ekabinets"] = replace(held, settings=held.settings.model_copy(update=more))
        yield app


@pytest.fixture
def told(portal: Flask) -> Hooks:
    """Who tells, and knows where it began."""
    seal(portal)
    found = Hooks(portal.extensions["ekabinets"])
    assert found.tell_due() == 0
    return found


def database(app: Flask) -> Database:
    found: Database = app.extensions["ekabinets"].database
    return found


def seal(app: Flask) -> None:
    sealer = Sealer(database(app))
    while sealer.seal_due():
        pass


def happen(app: Flask, *actions: str) -> None:
    """What `anna` does, by its name in the audit trail; sealed."""
    ((anna,),) = fetch(app, sa.select(User.id).where(User.username == "anna"))
    with database(app).write() as session:
        for action in actions:
            record(session, Actor(anna, "web"), action)
    seal(app)


def events(standin: Standin) -> list[str]:
    return [one["type"] for _, _, body in standin.asked for one in json.loads(body)["events"]]


def test_what_happened_is_told_once_and_in_order(portal: Flask, told: Hooks, standin: Standin):
    happen(portal, "reading.submitted", "login.succeeded", "thread.asked", "phone.changed")
    assert (told.tell_due(), told.tell_due()) == (3, 0)
    assert events(standin) == ["reading.submitted", "message.received", "contact.changed"]


def test_what_happened_before_it_was_set_up_is_not_told(portal: Flask, standin: Standin):
    happen(portal, "reading.submitted")
    assert Hooks(portal.extensions["ekabinets"]).tell_due() == 0 and standin.asked == []


def test_changed_contacts_come_with_whose_they_are(portal: Flask, told: Hooks, standin: Standin):
    change(portal, sa.update(User).where(User.username == "anna").values(phone="+37120000000"))
    happen(portal, "phone.changed", "reading.submitted")
    told.tell_due()
    contact, reading = json.loads(standin.asked[0][2])["events"]
    assert (contact["phone"], contact["customers"]) == ("+37120000000", ["C20417"]) and {*reading} == {"id", "type", "at"}


def test_it_is_signed_with_its_time(portal: Flask, told: Hooks, standin: Standin):
    happen(portal, "reading.submitted")
    told.tell_due()
    ((path, headers, body),) = standin.asked
    assert path == "/hook" and abs(int(headers["Webhook-Timestamp"]) - utc_now().timestamp()) < 60
    assert headers["Webhook-Signature"] == signature(SECRET, headers["Webhook-Id"], headers["Webhook-Timestamp"], body)
    assert headers["Webhook-Signature"] != signature(SECRET, headers["Webhook-Id"], headers["Webhook-Timestamp"], body + b" ")
    assert signature("secret", "1-2", "3", b"{}") == "v1,7fHEst+ANm3IbFJb2bOQ2SWwJs+pHK6ZRe/Qrpob7Kw="


@pytest.mark.parametrize("status", [302, 400, 500])
def test_what_was_not_taken_is_told_again_later_and_nothing_before_it(portal: Flask, told: Hooks, standin: Standin, status: int):
    standin.status = status
    happen(portal, "reading.submitted")
    assert (told.tell_due(), told.tell_due(), len(standin.asked)) == (0, 0, 1)
    ((due, attempts, error),) = fetch(portal, sa.select(Webhook.due_at, Webhook.attempts, Webhook.error))
    assert attempts == 1 and error == f"status {status}" and timedelta(0) < due - utc_now() <= timedelta(minutes=1)
    standin.status = 200
    happen(portal, "thread.asked")
    change(portal, sa.update(Webhook).values(due_at=utc_now()))
    assert told.tell_due() == 2 and events(standin)[1:] == ["reading.submitted", "message.received"]


def test_it_waits_longer_each_time_and_never_gives_up(portal: Flask, told: Hooks, standin: Standin):
    standin.status = 503
    happen(portal, "reading.submitted")
    waits = []
    for _ in range(10):
        change(portal, sa.update(Webhook).values(due_at=utc_now()))
        told.tell_due()
        ((due,),) = fetch(portal, sa.select(Webhook.due_at))
        waits.append(round((due - utc_now()).total_seconds() / 60))
    assert waits == sorted(waits) and (waits[0], waits[-1]) == (1, 1440)


def test_while_one_worker_tells_another_does_not(portal: Flask, told: Hooks, standin: Standin):
    happen(portal, "reading.submitted")
    with database(portal).write() as session:
        assert len(webhooks.claim(session, utc_now())) == 1
    assert told.tell_due() == 0 and standin.asked == []
    change(portal, sa.update(Webhook).values(leased_until=utc_now()))  # it was killed
    assert told.tell_due() == 1


def test_it_moves_on_over_what_is_not_told(portal: Flask, told: Hooks, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(webhooks, "_FAR", 2)
    happen(portal, *["login.succeeded"] * 5)
    before = fetch(portal, sa.select(Webhook.told_to))
    told.tell_due()
    assert fetch(portal, sa.select(Webhook.told_to)) > before


def test_without_an_address_nothing_is_told(app: Flask):
    assert hooks.Hooks(app.extensions["ekabinets"]).tell_due() == 0
    assert fetch(app, sa.select(Webhook)) == []


@pytest.mark.parametrize("url", ["ftp://billing.example/", "file:///etc/passwd", "https://", "https://a:b@billing.example/", "//billing.example", "https://billing.example/#x"])
def test_an_address_that_is_none_is_no_setting(tmp_path: Any, url: str):
    with pytest.raises(ValueError, match="expected https"):
        settings_for("sqlite://", tmp_path, webhook_url=url, webhook_secret=SECRET)


def test_production_asks_for_tls_and_a_secret(tmp_path: Any):
    plain: Settings = settings_for("sqlite://", tmp_path, webhook_url="http://billing.example/", webhook_secret=SECRET)
    assert [line for line in plain.unsafe() if line.startswith("webhook_url, horizon_url")]
    with pytest.raises(ValueError, match="webhook_secret"):
        settings_for("sqlite://", tmp_path, webhook_url="https://billing.example/")


# ---- Horizon


@pytest.fixture
def waiting(portal: Flask, monkeypatch: pytest.MonkeyPatch) -> str:
    """A reading that waits for an answer, at a meter as Horizon names it; its id there."""
    monkeypatch.setattr(door, "LAG", -timedelta(seconds=1))
    ((number, meter),) = fetch(portal, sa.text("SELECT reading.id, register.meter_id FROM reading JOIN register ON register.id = register_id ORDER BY 1 LIMIT 1"))
    change(portal, sa.update(Reading).values(status=ExternalStatus.ACCEPTED))
    values = {"status": ExternalStatus.RECEIVED, "external_id": None, "source": Source.SELF, "value": 12_500, "period": None}
    change(portal, sa.update(Reading).where(Reading.id == number).values(values))
    change(portal, sa.text(f"UPDATE meter SET external_id = '104-405' WHERE id = {meter}"))
    return f"P{number}"


def run(portal: Flask) -> Any:
    return portal.test_cli_runner().invoke(args=["data", "hand-over"])


def answer(portal: Flask, name: str) -> Any:
    return fetch(portal, sa.select(Reading.status, Reading.status_reason).where(Reading.external_id == name))[0]


def test_a_reading_is_handed_over_and_accepted_once(portal: Flask, standin: Standin, waiting: str):
    standin.status = 201
    assert run(portal).output == f"{waiting}: accepted\n" and run(portal).output == ""
    (_, query), (path, headers, body) = standin.asked[0][:2], standin.asked[1]
    assert path == "/rest/TdmPNSSkaLigRadBL" and headers["Authorization"] == query["Authorization"] == "Basic d2ViOnB3"
    for part in ("<RAD>12.5</RAD>", "<href>/rest/TdmPNSSkaRBL/104</href>", f"<PIEZIM>{waiting}</PIEZIM>", "<PK_LIGR>405</PK_LIGR>"):
        assert part in body.decode()
    assert answer(portal, waiting) == (ExternalStatus.ACCEPTED, None) and len(standin.asked) == 2


def test_what_it_has_already_is_not_given_twice(portal: Flask, standin: Standin, waiting: str):
    standin.notes.add(waiting)
    assert run(portal).output == f"{waiting}: accepted\n" and [path for path, *_ in standin.asked if "query" not in path] == []


def test_a_refusal_becomes_the_reason_that_the_resident_reads(portal: Flask, standin: Standin, waiting: str):
    standin.status, standin.says = 422, "<error><text>Skaitītājs noņemts</text></error>"
    run(portal)
    assert answer(portal, waiting) == (ExternalStatus.REJECTED, "Skaitītājs noņemts")


@pytest.mark.parametrize("status", [302, 401, 403, 404, 500, 503])
def test_when_it_cannot_be_used_nothing_is_rejected(portal: Flask, standin: Standin, waiting: str, status: int):
    standin.status = status
    told = run(portal)
    assert told.exit_code == 1 and f"status {status}; try again later" in told.output
    assert answer(portal, waiting) == (ExternalStatus.EXPORTED, None)


def test_a_meter_that_it_does_not_know_stays_as_it_was(portal: Flask, standin: Standin, waiting: str):
    change(portal, sa.text("UPDATE meter SET external_id = 'M' || external_id"))
    assert "its meter has no PK_SKAR-PK_LIGR" in run(portal).output
    assert standin.asked == [] and answer(portal, waiting) == (ExternalStatus.EXPORTED, None)


def test_without_its_address_the_command_says_so(app: Flask):
    assert "horizon_url: is empty" in app.test_cli_runner().invoke(args=["data", "hand-over"]).output


def test_another_billing_system_is_another_class(portal: Flask, waiting: str):
    class Own:
        def hand_over(self, reading: Any) -> billing.Answer:
            return billing.Answer(ExternalStatus.REJECTED, f"{reading['value']} is too much")

    with portal.app_context():
        assert [*billing.hand_over(portal.extensions["ekabinets"], Own())] == [f"{waiting}: rejected 12.5 is too much"]
