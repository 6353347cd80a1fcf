"""Which account the money goes to, by either provider; which provider a site has."""

import json
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import ValidationError

from models.providers import Gateway
from models.remote import ProviderAway
from models.settings import load_settings
from models.site import load_site
from models.till_klix import Klix
from models.till_montonio import Montonio
from models.tills import Order, Part, begun, till_of

OURS, HOUSE, OTHER = "LV44DEMO0000000000001", "LV17DEMO0000000000002", "LV87DEMO0000000000003"
GATEWAY = Gateway(client_id="b", secret="s" * 40, host="https://pay.example")


def asked(*ibans: str) -> dict[str, Any]:
    """What Klix is told of invoices to these accounts."""
    parts = [Part(f"N{number}", 100 + number, f"Māja {iban[-1]}", iban) for number, iban in enumerate(ibans)]
    order, sent = Order("ref", parts, "a@b.lv", "lv", "https://x/", "https://y/", datetime(2026, 11, 30, tzinfo=UTC)), []
    till = Klix(GATEWAY, SimpleNamespace(fetch=lambda _url, body, _headers: sent.append(body) or b'{"id": "1", "checkout_url": "https://pay.example/p"}'), None, OURS)  # type: ignore[arg-type]
    till.begin(order)
    return json.loads(sent[0])


def test_to_the_account_of_the_contract_by_any_means():
    told = asked(OURS, OURS)
    assert "payment_method_details" not in told["purchase"] and "payment_method_whitelist" not in told


def test_to_a_house_of_its_own_from_a_bank_account_only():
    told = asked(HOUSE, HOUSE)
    assert told["purchase"]["payment_method_details"] == {"pis_purchase": {"creditor": {"iban": HOUSE, "name": "Māja 2"}}}
    assert told["payment_method_whitelist"] and not [name for name in told["payment_method_whitelist"] if name == "klix"]


def test_to_several_houses_in_the_order_of_the_invoices():
    told = asked(HOUSE, OURS, OTHER)
    assert [one["creditor_iban"] for one in told["purchase"]["payment_method_details"]["pis_bulk_purchase"]] == [HOUSE, OURS, OTHER]
    assert [one["price"] for one in told["purchase"]["products"]] == [100, 101, 102]


def test_montonio_pays_out_to_one_account():
    till = Montonio(GATEWAY, None, OURS)  # type: ignore[arg-type]
    assert till.takes([Part("", 1, "", OURS)]) and not till.takes([Part("", 1, "", OURS), Part("", 1, "", HOUSE)]) and not till.takes([])


@pytest.mark.parametrize("address", [None, 5, "http://pay.example/p", "https://pay.example.evil/p", "javascript:1", "//pay.example/p", "https://pay.example/\n", "https://pay.example/" + "a" * 500])
def test_an_address_elsewhere_is_not_followed(address: Any):
    with pytest.raises(ProviderAway):
        begun(GATEWAY, "1", address)


@pytest.mark.parametrize("number", [None, 1, "", "../x", "a" * 65, "a b"])
def test_an_id_that_cannot_stand_in_an_address_is_none(number: Any):
    with pytest.raises(ProviderAway):
        begun(GATEWAY, number, "https://pay.example/p")


ENVIRONMENT = {"EKABINETS_SITE": "daugavpils", "EKABINETS_SECRET_KEY": "s" * 40, "EKABINETS_IDENTIFIER_KEY": "i" * 40}
CONTRACT = '[payments]\nclient_id = "b"\nsecret = "very secret"\n'


def test_the_site_names_the_provider_and_the_environment_has_its_contract():
    site, settings = load_site("daugavpils"), load_settings({**ENVIRONMENT, "EKABINETS_PAYMENTS": CONTRACT})
    till = till_of(site, settings, None)  # type: ignore[arg-type]
    assert till and till.name == "klix" and till.gateway.host == "https://portal.klix.app" and "very secret" not in repr(settings)
    assert till_of(site, load_settings(ENVIRONMENT), None) is None and till_of(load_site("ogre"), settings, None) is None  # type: ignore[arg-type]


def test_a_site_file_takes_no_credentials():
    with pytest.raises(ValidationError):
        type(load_site("daugavpils")).model_validate({**load_site("daugavpils").model_dump(), "payments": {"secret": "x"}})
