"""Montonio Stargate (identity-and-money.md §4.3): orders, everything a JWT by HS256 with the secret of the contract."""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from models.providers import Gateway
from models.remote import ProviderAway, Remote
from models.rules.payments import CANCELLED, EXPIRED, PAID, PENDING, REFUNDED, REVIEW
from models.tills import Order, Part, Refused, Told, ask, begun, checked
from models.types import utc_now

_STATES = {"PAID": PAID, "VOIDED": CANCELLED, "ABANDONED": EXPIRED, "REFUNDED": REFUNDED, "PARTIALLY_REFUNDED": REVIEW}
_SECONDS, _LEEWAY = 600, 300  # that a token of ours is good for; between its clock and ours
_TOKEN = 16_000  # characters of one that we read


class Montonio:
    """One contract: `client_id` is its access key."""

    name = "montonio"

    def __init__(self, gateway: Gateway, remote: Remote, iban: str) -> None:
        """`iban`: the account that it pays out to."""
        self.gateway, self._remote, self._iban = gateway, remote, iban
        self._base = f"{gateway.host}/api/"

    def takes(self, parts: Sequence[Part]) -> bool:
        """Money passes through it to the account of the contract, so to no house's own."""
        return {part.iban for part in parts} == {self._iban}

    def begin(self, order: Order) -> tuple[str, str]:
        """An order that is paid from a bank account or by card, as its page offers."""
        total, names = order.cents / 100, ", ".join(part.name for part in order.parts)  # to be written, not counted
        asked = {
            "merchantReference": order.reference, "returnUrl": order.back, "notificationUrl": order.hook,
            "grandTotal": total, "currency": "EUR", "locale": order.language,
            "payment": {
                "method": "paymentInitiation", "amount": total, "currency": "EUR",
                "methodOptions": {"paymentDescription": names[:140], "preferredCountry": "LV"},
            },
            "lineItems": [{"name": one.name, "quantity": 1, "finalPrice": one.cents / 100} for one in order.parts],
        }  # fmt: skip
        made = ask(self._remote, f"{self._base}orders", {"data": self._token(asked)}, {})
        if not isinstance(made, dict):
            raise ProviderAway("no order")
        return begun(self.gateway, made.get("uuid"), made.get("paymentUrl"))

    def heard(self, body: bytes, headers: Mapping[str, str]) -> Told:
        """An order or its refund, in a token. Headers say nothing."""
        try:
            sent = json.loads(body)
            claims = self._claims(sent.get("orderToken") or sent["refundToken"])
            return self._told(claims, claims["accessKey"])
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError, ProviderAway):
            raise Refused("content") from None

    def look(self, provider_id: str) -> Told:
        """The order as it is now; it was asked for by our own key."""
        found = ask(self._remote, f"{self._base}orders/{checked(provider_id)}", None,
                    {"Authorization": f"Bearer {self._token({})}"})  # fmt: skip
        owner = found.get("accessKey", self.gateway.client_id) if isinstance(found, dict) else ""
        return self._told(found, owner)

    @staticmethod
    def _told(said: Any, owner: str) -> Told:
        try:
            sums, state = _cents(said["grandTotal"]), _STATES.get(said["paymentStatus"], PENDING)
            return Told(said["uuid"], said["merchantReference"], sums, said["currency"], owner, state)
        except (KeyError, TypeError):
            raise ProviderAway("no order") from None

    def _token(self, claims: Mapping[str, Any]) -> str:
        from joserfc import jwt  # here: few requests need it
        from joserfc.jwk import OctKey

        now = int(utc_now().timestamp())
        ours = {"accessKey": self.gateway.client_id, "iat": now, "exp": now + _SECONDS}
        return jwt.encode({"alg": "HS256"}, {**claims, **ours}, OctKey.import_key(self.gateway.secret))

    def _claims(self, token: Any) -> dict[str, Any]:
        from joserfc import jwt  # as above
        from joserfc.errors import JoseError
        from joserfc.jwk import OctKey

        if not isinstance(token, str) or len(token) > _TOKEN:
            raise Refused("token")
        try:
            claims = jwt.decode(token, OctKey.import_key(self.gateway.secret), algorithms=["HS256"]).claims
        except (JoseError, ValueError):
            raise Refused("signature") from None
        ends, now = claims.get("exp"), utc_now().timestamp()
        if isinstance(ends, bool) or not isinstance(ends, int) or not now - _LEEWAY < ends:
            raise Refused("exp")
        return claims


def _cents(value: Any) -> int:
    """An amount in euros as cents; -1, which is nobody's, for what is none."""
    try:
        cents = Decimal(str(value)).scaleb(2)
        return int(cents) if cents == cents.to_integral_value() else -1
    except (InvalidOperation, ValueError, OverflowError):
        return -1
