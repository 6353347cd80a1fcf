"""The client of the banks against a bank with a switch for every fault (A08; RFC 7636, 9207, 9700)."""

import time
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa

from auth.methods.base import Begun, Cancelled, Refused
from auth.methods.oidc import Oidc
from models.database import Database
from models.providers import AGAIN_AFTER, LIFETIME, Documents, Provider, ProviderDocument
from models.remote import ProviderAway, Remote
from models.types import utc_now
from tests.auth.provider import ANNA, BACK, EC, KEYS, Hostile, bank, by_the_public_key, choose

ACR = "urn:demo:substantial"
META, TOKEN, JWKS, INFO = "/.well-known/openid-configuration", "/token", "/jwks", "/userinfo"
CLAIMS = {"name": ("name",), "code": ("attributes", "https://x.example/code"), "country": ("country",)}


@pytest.fixture(scope="module")
def running() -> Iterator[Hostile]:
    with bank() as held:
        yield held


@pytest.fixture
def hostile(running: Hostile) -> Iterator[Hostile]:
    yield running
    fresh = Hostile(running.issuer, running.name, running.client, running.people)
    for name in ("changes", "header", "signed_with", "published", "asked", "acr"):
        setattr(running, name, getattr(fresh, name))


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Database:
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('documents')}/db.sqlite3")
    ProviderDocument.metadata.create_all(database.engine, [ProviderDocument.__table__])  # type: ignore[attr-defined]
    return database


@pytest.fixture
def cheap(one: Database) -> Database:
    """For what no database is asked about one is enough."""
    with one.write() as session:
        session.execute(sa.delete(ProviderDocument))
    return one


class Clock:
    now = utc_now()

    def __call__(self) -> datetime:
        return self.now


def client(hostile: Hostile, database: Database, clock: Callable[[], datetime] = utc_now, seconds: float = 5, **more: Any) -> Oidc:
    provider = Provider(slug="demo", name="Banka", issuer=hostile.issuer, client_id="portal", acr=(ACR,), secret=hostile.client.secret, claims=CLAIMS, **more)
    return Oidc(provider, Documents(database, clock), Remote(seconds))


def log_in(oidc: Oidc, person: str = ANNA, change: Callable[[dict[str, str]], dict[str, str]] = dict, begun: Begun | None = None):
    begun = begun or oidc.begin(BACK, "lv")
    return oidc.finish(change(choose(begun.url, person)), begun, BACK, int(time.time()))


def other(**claims: Any) -> dict[str, Any]:
    """A fault of claims: these instead; None leaves one out."""
    return {"claims": lambda own: {name: value for name, value in {**own, **claims}.items() if value is not None}}


def answer(**query: str | None) -> dict[str, Any]:
    return {"answer": lambda own: {name: value for name, value in {**own, **query}.items() if value is not None}}


def json_of(path: str, **values: Any) -> dict[str, Any]:
    def change(response: Any) -> Any:
        told = {name: value for name, value in {**response.json, **values}.items() if value is not None}
        response.set_data(__import__("json").dumps(told))
        return response

    return {path: change}


def signed(alg: str = "RS256", key: Any = None, **header: Any) -> Callable[[Hostile], None]:
    def change(hostile: Hostile) -> None:
        hostile.header = {name: value for name, value in {"alg": alg, "kid": "1", **header}.items() if value is not None}
        hostile.signed_with = key or hostile.signed_with

    return change


NOW = time.time()
# What is wrong, and which calls the portal makes after the return: none that the failed check does not need.
FAULTS: dict[str, tuple[Any, tuple[str, ...]]] = {
    "state of another": (answer(state="x" * 43), ()), "no state": (answer(state=None), ()),
    "iss of another provider": (answer(iss="https://other.example"), ()), "no iss though promised": (answer(iss=None), ()),
    "no code": (answer(code=None), ()), "empty code": (answer(code=""), ()), "huge code": (answer(code="x" * 5000), ()),
    "error of the server": (answer(code=None, error="server_error"), ()), "an error beside a code": (answer(error="invalid_scope"), ()),
    "unknown code": (answer(code="invented"), (TOKEN,)),
    "no id_token": (json_of(TOKEN, id_token=None), (TOKEN,)), "id_token that is a list": (json_of(TOKEN, id_token=[]), (TOKEN,)),
    "id_token that is huge": (json_of(TOKEN, id_token="x" * 70_000), (TOKEN,)), "token type mac": (json_of(TOKEN, token_type="mac"), (TOKEN,)),
    "no token type": (json_of(TOKEN, token_type=None), (TOKEN,)),
    "nonce of another": (other(nonce="x"), (TOKEN, JWKS)), "no nonce": (other(nonce=None), (TOKEN, JWKS)), "nonce that is a list": (other(nonce=["x"]), (TOKEN, JWKS)),
    "iss of another": (other(iss="https://other.example"), (TOKEN, JWKS)), "no iss": (other(iss=None), (TOKEN, JWKS)),
    "iss with a slash": (other(iss="SLASH"), (TOKEN, JWKS)), "no sub": (other(sub=None), (TOKEN, JWKS)), "empty sub": (other(sub=""), (TOKEN, JWKS)),
    "sub that is a number": (other(sub=7), (TOKEN, JWKS)), "sub that is too long": (other(sub="x" * 256), (TOKEN, JWKS)),
    "aud of another": (other(aud="other"), (TOKEN, JWKS)), "no aud": (other(aud=None), (TOKEN, JWKS)), "empty aud": (other(aud=[]), (TOKEN, JWKS)),
    "aud of another, azp ours": (other(aud="other", azp="portal"), (TOKEN, JWKS)), "aud of two, no azp": (other(aud=["portal", "other"]), (TOKEN, JWKS)),
    "aud ours, azp of another": (other(azp="other"), (TOKEN, JWKS)), "aud that is an object": (other(aud={"portal": 1}), (TOKEN, JWKS)),
    "expired a minute ago": (other(exp=NOW - 60), (TOKEN, JWKS)), "no exp": (other(exp=None), (TOKEN, JWKS)), "exp that is a text": (other(exp="9999999999"), (TOKEN, JWKS)),
    "exp without end": (other(exp=float("inf")), (TOKEN, JWKS)), "exp that is no number": (other(exp=float("nan")), (TOKEN, JWKS)),
    "of the future": (other(iat=NOW + 3600), (TOKEN, JWKS)), "no iat": (other(iat=None), (TOKEN, JWKS)), "not before later": (other(nbf=NOW + 3600), (TOKEN, JWKS)),
    "acr too low": (other(acr="urn:demo:low"), (TOKEN, JWKS)), "no acr": (other(acr=None), (TOKEN, JWKS)), "acr that is a list": (other(acr=[ACR]), (TOKEN, JWKS)),
    "at_hash of another token": (other(at_hash="AAAAAAAAAAAAAAAAAAAAAA"), (TOKEN, JWKS)),
    "alg none": ({"id_token": lambda text: "eyJhbGciOiJub25lIn0." + text.split(".")[1] + "."}, (TOKEN, JWKS)),
    "HS256 with the public key": ({"id_token": by_the_public_key}, (TOKEN, JWKS)), "an algorithm that is not offered": (signed("PS256"), (TOKEN, JWKS)),
    "foreign key, known kid": (signed(key=KEYS["2"]), (TOKEN, JWKS)), "foreign key, unknown kid": (signed(key=KEYS["2"], kid="2"), (TOKEN, JWKS)),
    "foreign key in the header": (signed(key=KEYS["2"], jwk=KEYS["2"].as_dict(private=False)), (TOKEN, JWKS)),
    "key at an address in the header": (signed(key=KEYS["2"], jku="http://127.0.0.1:1/jwks"), (TOKEN, JWKS)),
    "tampered": ({"id_token": lambda text: text[:-6] + ("AAAAAA" if not text.endswith("AAAAAA") else "BBBBBB")}, (TOKEN, JWKS)),
    "cut in two": ({"id_token": lambda text: text.rpartition(".")[0]}, (TOKEN, JWKS)), "no token at all": ({"id_token": lambda _: "..."}, (TOKEN, JWKS)),
    "a payload that is a list": ({"id_token": lambda _: __import__("joserfc.jws", fromlist=["x"]).serialize_compact({"alg": "RS256", "kid": "1"}, b"[]", KEYS["1"])}, (TOKEN, JWKS)),
    "no name": (other(name=None), (TOKEN, JWKS)), "name that is a list": (other(name=["A"]), (TOKEN, JWKS)), "name with a line break": (other(name="A\nB"), (TOKEN, JWKS)),
    "code of ten digits": (other(attributes={"https://x.example/code": "1234567890"}), (TOKEN, JWKS)), "code of another country": (other(country="SE"), (TOKEN, JWKS)),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_the_provider_opens_nothing_and_asks_no_further(hostile: Hostile, cheap: Database, fault: str) -> None:
    change, calls = FAULTS[fault]
    oidc = client(hostile, cheap)
    begun = oidc.begin(BACK, "lv")
    if callable(change):
        change(hostile)
    else:
        hostile.changes = change
    if fault == "iss with a slash":
        hostile.changes = other(iss=hostile.issuer + "/")
    query = choose(begun.url)
    hostile.asked.clear()
    with pytest.raises((Refused, ProviderAway)):
        oidc.finish(query, begun, BACK, int(time.time()))
    assert tuple(hostile.asked) == calls


def test_there_are_enough_faults() -> None:
    assert len(FAULTS) >= 40


# What must succeed, however a provider writes it.
FINE: dict[str, Any] = {
    "as documented": {}, "aud as a list": other(aud=["portal"]), "aud of two with azp": other(aud=["portal", "other"], azp="portal"),
    "no kid and one key": signed(kid=None), "token type in capitals": json_of(TOKEN, token_type="BEARER"),
    "no at_hash": other(at_hash=None), "clocks half a minute apart": other(exp=NOW + 3600, iat=NOW + 20), "a chain of certificates": signed(x5c=["A" * 4000]),
    "a claim nobody knows": other(shoe_size=42),
}  # fmt: skip


@pytest.mark.parametrize("way", FINE)
def test_what_is_right_opens(hostile: Hostile, database: Database, way: str) -> None:
    change = FINE[way]
    if callable(change):
        change(hostile)
    else:
        hostile.changes = change
    person = log_in(client(hostile, database))
    assert (person.issuer, person.subject, person.code, person.acr) == (hostile.issuer, ANNA, "12036511114", ACR)
    assert person.name == "ANNA OZOLIŅA"


def test_a_person_who_cancels_is_no_fault(hostile: Hostile, database: Database) -> None:
    with pytest.raises(Cancelled):
        log_in(client(hostile, database), person="")


def test_a_key_that_was_rotated_just_before_signing_is_asked_for_once(hostile: Hostile, database: Database) -> None:
    clock = Clock()
    oidc = client(hostile, database, clock=clock)
    log_in(oidc)
    signed(key=KEYS["2"], kid="2")(hostile)
    hostile.published = [KEYS["1"].as_dict(private=False), KEYS["2"].as_dict(private=False)]
    with pytest.raises(Refused):
        log_in(oidc)  # not even a minute has gone
    clock.now += AGAIN_AFTER
    assert log_in(oidc).subject == ANNA


def test_a_key_that_was_replaced_under_its_name_is_asked_for_once_a_minute(hostile: Hostile, database: Database) -> None:
    clock = Clock()
    oidc = client(hostile, database, clock=clock)
    log_in(oidc)
    clock.now += AGAIN_AFTER
    signed(key=KEYS["2"])(hostile)
    hostile.published = [KEYS["2"].as_dict(private=False) | {"kid": "1"}]
    assert log_in(oidc).subject == ANNA
    signed(key=KEYS["1"])(hostile)
    hostile.asked.clear()
    for _ in range(3):
        with pytest.raises(Refused):
            log_in(oidc)
    assert JWKS not in hostile.asked


def test_metadata_and_keys_are_kept_for_an_hour_and_for_every_instance(hostile: Hostile, database: Database) -> None:
    clock = Clock()
    log_in(client(hostile, database, clock=clock))
    hostile.asked.clear()
    log_in(client(hostile, database, clock=clock))
    assert META not in hostile.asked and JWKS not in hostile.asked
    clock.now += LIFETIME
    log_in(client(hostile, database, clock=clock))
    assert hostile.asked.count(META) == hostile.asked.count(JWKS) == 1


METADATA = {
    "another issuer": {"issuer": "https://other.example"}, "no issuer": {"issuer": None}, "no token endpoint": {"token_endpoint": None},
    "an endpoint that is a file": {"token_endpoint": "file:///etc/passwd"}, "an endpoint that is a list": {"jwks_uri": []},
    "only none": {"id_token_signing_alg_values_supported": ["none"]}, "only a shared secret": {"id_token_signing_alg_values_supported": ["HS256"]},
}  # fmt: skip


@pytest.mark.parametrize("fault", METADATA)
def test_a_provider_that_describes_itself_wrongly_is_not_asked(hostile: Hostile, database: Database, fault: str) -> None:
    hostile.changes = {"metadata": lambda own: {name: value for name, value in {**own, **METADATA[fault]}.items() if value is not None}}
    with pytest.raises(ProviderAway):
        client(hostile, database).begin(BACK, "lv")
    hostile.changes = {}
    assert client(hostile, database).begin(BACK, "lv").url, "what was wrong is not kept"


def test_algorithms_that_are_offered_beside_none_do_not_let_none_in(hostile: Hostile, database: Database) -> None:
    hostile.changes = {"metadata": lambda own: {**own, "id_token_signing_alg_values_supported": ["none", "HS256", "RS256"]}}
    oidc = client(hostile, database)
    begun = oidc.begin(BACK, "lv")
    for fault in ("alg none", "HS256 with the public key"):
        hostile.changes |= FAULTS[fault][0]
        with pytest.raises(Refused):
            log_in(oidc, begun=begun)


def test_an_ec_key_is_as_good(hostile: Hostile, database: Database) -> None:
    hostile.changes = {"metadata": lambda own: {**own, "id_token_signing_alg_values_supported": ["ES256"]}}
    signed("ES256", EC, kid="ec")(hostile)
    hostile.published = [EC.as_dict(private=False), {"kty": "OKP-unknown"}]
    assert log_in(client(hostile, database)).subject == ANNA


def test_a_code_is_good_once_and_for_the_browser_that_began(hostile: Hostile, database: Database) -> None:
    oidc = client(hostile, database)
    begun, stranger = oidc.begin(BACK, "lv"), oidc.begin(BACK, "lv")
    query = choose(begun.url)
    with pytest.raises(ProviderAway):  # the other's verifier is not this one's
        oidc.finish(query | {"state": stranger.state}, stranger, BACK, int(time.time()))
    with pytest.raises(ProviderAway):
        oidc.finish(query, begun, BACK, int(time.time()))


def test_claims_of_userinfo_count_when_they_are_of_the_same_person(hostile: Hostile, database: Database) -> None:
    hostile.changes = other(name=None)
    assert log_in(client(hostile, database, userinfo=True)).name == "ANNA OZOLIŅA"
    assert INFO in hostile.asked
    hostile.changes |= json_of(INFO, sub="somebody else")
    with pytest.raises(Refused):
        log_in(client(hostile, database, userinfo=True))


def test_userinfo_cannot_raise_the_strength(hostile: Hostile, database: Database) -> None:
    hostile.changes = other(acr="urn:demo:low") | json_of(INFO, acr=ACR)
    with pytest.raises(Refused):
        log_in(client(hostile, database, userinfo=True))
