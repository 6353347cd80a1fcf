"""The client of eParaksts against a stand-in that answers as LVRTC documents it (A09; OG-09)."""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from auth.methods.base import Cancelled, Person, Refused
from auth.methods.eparaksts import FLOWS, Service
from demo.eparaksts import Stand
from models.providers import Eparaksts
from models.remote import ProviderAway, Remote
from tests.auth.provider import BACK, CLIENT, choose, serving

ANNA = "PNOLV-120365-11114"
PEOPLE = {ANNA: {"name": "ANNA OZOLIŅA", "given_name": "ANNA", "family_name": "OZOLIŅA"}}
MOBILE = "urn:safelayer:tws:policies:authentication:adaptive:methods:mobileid"


class Changed(Stand):
    """Tells of people what a test wants."""

    change: Callable[[dict[str, Any]], dict[str, Any]] = dict

    def told(self, kind: str, subject: str) -> dict[str, Any]:
        return {name: value for name, value in type(self).change(super().told(kind, subject)).items() if value is not None}


@pytest.fixture(scope="module")
def service() -> Iterator[Changed]:
    with serving(Changed("", "eParaksts", CLIENT, PEOPLE)) as held:
        yield held


def client(service: Stand, secret: str = CLIENT.secret) -> Service:
    return Service(Eparaksts(host=service.issuer, client_id=CLIENT.id, secret=secret), Remote())


def log_in(service: Stand, kind: str = "mobile", person: str = ANNA, secret: str = CLIENT.secret, **query: str) -> Person:
    portal = client(service, secret)
    begun = portal.begin(kind, BACK, "lv")
    return portal.finish(choose(begun.url, person) | query, begun, BACK)


@pytest.mark.parametrize("kind", FLOWS)
def test_a_person_is_her_serial_number_whatever_she_holds(service: Stand, kind: str) -> None:
    person = log_in(service, kind)
    assert (person.issuer, person.subject, person.code, person.name) == (service.issuer, "PNOLV-12036511114", "12036511114", "ANNA OZOLIŅA")
    assert person.acr == FLOWS[kind].split("|")[0]


def test_the_page_is_asked_for_as_documented(service: Stand) -> None:
    url = urlsplit(client(service).begin("eid", BACK, "ru").url)
    query = {name: value for name, (value,) in parse_qs(url.query).items()}
    assert url.path == "/trustedx-authserver/oauth/lvrtc-eipsign-as" and len(query.pop("state")) == 43
    assert query == {
        "response_type": "code", "client_id": "portal", "redirect_uri": BACK, "scope": "urn:lvrtc:fpeil:aa", "prompt": "login", "ui_locales": "ru",
        "acr_values": "urn:eparaksts:authentication:flow:sc_plugin|urn:eparaksts:authentication:flow:mobile-eid",
    }  # fmt: skip


# What is told of a person, and which code of the state comes of it; without one she is known by her serial alone.
TOLD: dict[str, tuple[dict[str, Any], str | None]] = {
    "the older word for a high level": ({"acr": "urn:safelayer:tws:policies:authentication:level:high"}, "12036511114"),
    "another device": ({"acr": "urn:eparaksts:authentication:flow:mobileid:cross-device"}, "12036511114"),
    "without the inner hyphen": ({"serial_number": "PNOLV-12036511114"}, "12036511114"), "a new code": ({"serial_number": "PNOLV-329999-99901"}, "32999999901"),
    "a passport": ({"serial_number": "PASLV-LV1234567"}, None), "a neighbour's card": ({"serial_number": "PNOEE-38001085718"}, None),
}  # fmt: skip


@pytest.mark.parametrize("kind", TOLD)
def test_what_the_platform_also_tells_is_understood(service: Stand, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    told, code = TOLD[kind]
    monkeypatch.setattr(Changed, "change", lambda own: {**own, **told})
    assert log_in(service).code == code


FAULTS: dict[str, dict[str, Any]] = {
    "no domain": {"domain": None}, "an organisation": {"domain": "organization"}, "unknown acr": {"acr": "urn:eparaksts:authentication:flow:password"},
    "no acr": {"acr": None}, "acr that is a list": {"acr": ["urn:eparaksts:authentication:flow:mobileid"]}, "level low": {"acr": "urn:safelayer:tws:policies:authentication:level:low"},
    "no amr": {"amr": None}, "empty amr": {"amr": []}, "amr that is a text": {"amr": MOBILE}, "an unknown amr beside a known": {"amr": [MOBILE, "urn:password"]},
    "the other prefix": {"amr": [MOBILE.replace("safelayer", "eparaksts")]}, "no serial": {"serial_number": None}, "serial that is a number": {"serial_number": 7},
    "another kind of serial": {"serial_number": "TINLV-120365-11114"}, "a code of ten digits": {"serial_number": "PNOLV-120365-1111"},
    "a code with letters": {"serial_number": "PNOLV-120365-1111A"}, "Arabic digits": {"serial_number": "PNOLV-١٢٠٣٦٥-١١١١٤"}, "a serial with a line": {"serial_number": ANNA + "\n"},
    "no name": {"name": None}, "empty name": {"name": " "}, "name that is a list": {"name": ["A"]}, "a name that turns the line": {"name": "ANNA\u202eX"},
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_strength_or_person_that_is_not_known_is_refused(service: Stand, monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    monkeypatch.setattr(Changed, "change", lambda own: {**own, **FAULTS[fault]})
    with pytest.raises(Refused):
        log_in(service)


@pytest.mark.parametrize("query", [{"state": "x" * 43}, {"state": ""}, {"state": "ā"}, {"error": "server_error"}, {"code": ""}, {"code": "x" * 5000}])
def test_an_answer_that_is_not_of_this_login_is_refused(service: Stand, query: dict[str, str]) -> None:
    with pytest.raises(Refused):
        log_in(service, **query)


def test_who_cancels_is_no_fault(service: Stand) -> None:
    with pytest.raises(Cancelled):
        log_in(service, person="")


def test_a_wrong_code_or_secret_opens_nothing(service: Stand) -> None:
    for more in ({"code": "invented"}, {"secret": "s3cret"}):
        with pytest.raises(ProviderAway):
            log_in(service, **more)


def test_the_session_there_is_ended_too(service: Stand) -> None:
    address = client(service).logout("http://localhost/signed-out")
    assert address == f"{service.issuer}/trustedx-authserver/lvrtc-eipsign-idp/logout?redirect_uri=http%3A%2F%2Flocalhost%2Fsigned-out"
