"""What a provider tells by itself: it makes us ask, and nothing that is not signed or not right does more (C05)."""

import json
import time
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from flask import Flask
from joserfc import jwt
from joserfc.jwk import OctKey

from models.audit import AuditRow
from models.invoices import Payment
from models.payments import OnlinePayment
from models.providers import ProviderDocument
from models.types import utc_now
from tests import tills
from tests.browser import Browser
from tests.cast import Cast
from tests.standing import change, fetch, main
from tests.tills import BRAND, SECRET, pending, rows, tell

till, klix, montonio = tills.till, tills.klix, tills.montonio


def acts(app: Flask, action: str) -> list[dict[str, Any]]:
    return [row.detail for row in fetch(app, sa.select(AuditRow.detail).where(AuditRow.action == action).order_by(AuditRow.id))]


def test_it_is_paid_once_the_provider_was_asked(anna: Browser, app: Flask, cast: Cast, till: Any):
    row = pending(app, anna, cast)
    till.set(row.provider_id, state="paid")
    assert tell(app, row, till.webhook(row.provider_id)) == 200
    assert rows(app)[0].status == "paid" and [one["cents"] for one in acts(app, "payment.paid")] == [8743]
    assert "Received, being booked" in main(anna.get(f"/payments/{row.public_id}"))


def test_the_balance_is_the_billing_systems(anna: Browser, app: Flask, cast: Cast, till: Any):
    row = pending(app, anna, cast)
    till.set(row.provider_id, state="paid")
    tell(app, row, till.webhook(row.provider_id))
    text = main(anna.get(f"/invoices/{cast.invoice}"))
    assert "€87.43 received, being booked." in text and "Unpaid" in text and "No payment has been received" in text
    assert not fetch(app, sa.select(Payment.id).where(Payment.amount == 8743))


def test_home_and_the_list_say_what_is_on_its_way_and_what_is_being_booked(anna: Browser, app: Flask, cast: Cast, till: Any):
    row, pages = pending(app, anna, cast), (f"/properties/{cast.flat}", f"/properties/{cast.flat}/invoices")
    assert ["A payment of €87.43 is on its way." in main(anna.get(page)) for page in pages] == [True, True]
    till.set(row.provider_id, state="paid")
    tell(app, row, till.webhook(row.provider_id))
    assert ["€87.43 received, being booked." in main(anna.get(page)) for page in pages] == [True, True]
    change(app, sa.update(OnlinePayment).where(OnlinePayment.id == row.id).values(booked_at=utc_now()))
    assert ["€87.43 received" in main(anna.get(page)) for page in pages] == [False, False]


WRONG = [{"key": True}, {"cents": 8742}, {"currency": "USD"}, {"reference": "another-one-id-1"}, {"id": "0" * 32}, {"owner": "brand-2"}]


@pytest.mark.parametrize("said", WRONG, ids=lambda said: next(iter(said)))
def test_what_is_not_right_changes_nothing_and_is_written_down(anna: Browser, app: Flask, cast: Cast, till: Any, said: dict[str, Any]):
    row = pending(app, anna, cast)
    till.set(row.provider_id, state="paid")
    if "key" in said:
        said = {"key": replace(till, key=generate_private_key(65537, 2048)) if hasattr(till, "key") else True}
    assert tell(app, row, till.webhook(row.provider_id, **said)) == 400
    assert rows(app)[0] == row and len(acts(app, "payment.refused")) == 1 and not acts(app, "payment.paid")


def test_what_it_says_does_not_count_but_what_it_answers(anna: Browser, app: Flask, cast: Cast, till: Any):
    row = pending(app, anna, cast)
    assert tell(app, row, till.webhook(row.provider_id)) == 200
    assert rows(app)[0].status == "pending" and not acts(app, "payment.paid")


@pytest.mark.parametrize("now", [{"cents": 1}, {"currency": "USD"}, {"reference": "another-one-id-1"}])
def test_other_money_than_was_asked_for_is_for_a_person_to_look_at(anna: Browser, app: Flask, cast: Cast, till: Any, now: dict[str, Any]):
    row = pending(app, anna, cast)
    sent = till.webhook(row.provider_id)
    till.set(row.provider_id, state="paid", **now)
    assert tell(app, row, sent) == 200
    assert rows(app)[0].status == "review" and acts(app, "payment.ended")[0]["why"]
    assert "Do not pay again" in main(anna.get(f"/payments/{row.public_id}"))


def test_told_again_it_is_paid_once_and_a_refund_stays_one(anna: Browser, app: Flask, cast: Cast, till: Any):
    row = pending(app, anna, cast)
    sent = till.webhook(row.provider_id)
    for state in ("paid", "paid", "refunded", "paid"):
        till.set(row.provider_id, state=state)
        assert tell(app, row, sent) == 200
    assert rows(app)[0].status == "refunded" and len(acts(app, "payment.paid")) == len(acts(app, "payment.ended")) == 1


@pytest.mark.parametrize(("state", "ours", "words"), [
    ("cancelled", "cancelled", "You cancelled the payment"), ("expired", "expired", "not confirmed in time"),
    ("refunded", "refunded", "sent back to you"), ("chargeback", "review", "check this payment"),
])  # fmt: skip
def test_each_end_has_its_words(anna: Browser, app: Flask, cast: Cast, till: Any, state: str, ours: str, words: str):
    row = pending(app, anna, cast)
    till.set(row.provider_id, state=state)
    tell(app, row, till.webhook(row.provider_id, state=state))
    assert rows(app)[0].status == ours and words in main(anna.get(f"/payments/{row.public_id}"))


def test_nobody_finds_the_address(app: Flask, anna: Browser, cast: Cast, till: Any):
    row = pending(app, anna, cast)
    sent = till.webhook(row.provider_id)
    for hook in (row.public_id, "a" * 32, "%00", "ā" * 32, row.provider_id):
        assert tell(app, type("Row", (), {"hook": hook}), sent) == 404
    assert rows(app)[0].status == "pending"


def test_while_the_provider_is_away_it_is_to_tell_again(anna: Browser, app: Flask, cast: Cast, till: Any):
    row = pending(app, anna, cast)
    sent = till.webhook(row.provider_id)
    tell(app, row, sent)  # it has the key by now
    till.status = 500
    assert tell(app, row, sent) == 503 and rows(app)[0].status == "pending"


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'{"orderToken": 1}', b'{"orderToken": "a.b.c"}', b"\xff", b"[" * 100_000])
def test_rubbish_is_refused(anna: Browser, app: Flask, cast: Cast, till: Any, body: bytes):
    row = pending(app, anna, cast)
    signed = {"X-Signature": till.sign(body)} if hasattr(till, "sign") else {}
    assert tell(app, row, (body, signed)) == 400 and rows(app)[0] == row


@pytest.mark.parametrize(("header", "claims", "key"), [
    ({"alg": "HS256"}, {"exp": -3600}, SECRET), ({"alg": "HS256"}, {"exp": None}, SECRET), ({"alg": "HS512"}, {}, SECRET), ({"alg": "none"}, {}, SECRET),
])  # fmt: skip
def test_an_old_token_and_another_algorithm_are_refused(anna: Browser, app: Flask, cast: Cast, montonio: Any, header: Any, claims: Any, key: str):
    row = pending(app, anna, cast)
    montonio.set(row.provider_id, state="paid")
    said = {**montonio.orders[row.provider_id], "accessKey": BRAND, "exp": int(time.time()) + (claims.get("exp", 600) or 0)}
    said = {name: value for name, value in said.items() if name not in claims or claims[name] is not None}
    token = jwt.encode(header, said, OctKey.import_key(key), algorithms=[header["alg"]])
    assert tell(app, row, (json.dumps({"orderToken": token}).encode(), {})) == 400 and rows(app)[0] == row


def test_a_new_key_is_asked_for_but_not_again_and_again(anna: Browser, app: Flask, cast: Cast, klix: Any):
    row = pending(app, anna, cast)
    klix.set(row.provider_id, state="paid")
    klix.key = generate_private_key(65537, 2048)
    tell(app, row, klix.webhook(row.provider_id, key=replace(klix, key=generate_private_key(65537, 2048))))
    klix.key = generate_private_key(65537, 2048)
    assert [tell(app, row, klix.webhook(row.provider_id)) for _ in range(2)] == [400, 400]
    assert klix.asked.count("GET /api/v1/public_key/") == 1
    change(app, sa.update(ProviderDocument).values(fetched_at=utc_now() - timedelta(minutes=2)))
    assert tell(app, row, klix.webhook(row.provider_id)) == 200 and rows(app)[0].status == "paid"
