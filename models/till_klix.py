"""Klix by Citadele (identity-and-money.md §4.2): purchases with a bearer's key, callbacks signed by RSA."""

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any

from models.providers import Documents, Gateway
from models.remote import ProviderAway, Remote
from models.rules.payments import CANCELLED, EXPIRED, FAILED, PAID, PENDING, REFUNDED, REVIEW
from models.tills import Order, Part, Refused, Told, ask, begun, checked

_STATES = {
    "paid": PAID, "error": FAILED, "cancelled": CANCELLED, "released": CANCELLED, "overdue": EXPIRED,
    "expired": EXPIRED, "refunded": REFUNDED, "pending_refund": REVIEW, "chargeback": REVIEW,
}  # fmt: skip
# Only from a bank account does money reach an account that is not of the contract itself.
_BY_BANK = (
    "citadele_lv_digilink", "citadele_lv_pis", "swedbank_lv_pis", "seb_lv_pis", "luminor_lv_pis", "indexo_lv_pis",
    "revolut_pis", "paysera_lv_pis",
)  # fmt: skip


class Klix:
    """One contract: `client_id` is its brand."""

    name = "klix"

    def __init__(self, gateway: Gateway, remote: Remote, documents: Documents, iban: str) -> None:
        """`iban`: the account of the contract; a house may have another one."""
        self.gateway, self._remote, self._documents, self._iban = gateway, remote, documents, iban
        self._base = f"{gateway.host}/api/v1/"

    def takes(self, parts: Sequence[Part]) -> bool:
        """Each to its own account."""
        return bool(parts)

    def begin(self, order: Order) -> tuple[str, str]:
        """A purchase that can be paid until a moment."""
        asked = {
            "brand_id": self.gateway.client_id, "reference": order.reference, "client": {"email": order.email},
            "purchase": {
                "language": order.language, "currency": "EUR", "due_strict": True,
                "products": [{"name": part.name, "price": part.cents} for part in order.parts],
            },
            "due": int(order.until.timestamp()), "success_callback": order.hook, "success_redirect": order.back,
            "failure_redirect": order.back, "cancel_redirect": order.back,
        }  # fmt: skip
        if details := self._accounts(order.parts):
            asked["purchase"]["payment_method_details"] = details  # type: ignore[index]  # a dict
            asked["payment_method_whitelist"] = [*_BY_BANK]
        made = self._ask("purchases/", asked)
        return begun(self.gateway, made.get("id"), made.get("checkout_url"))

    def _accounts(self, parts: Sequence[Part]) -> dict[str, Any]:
        """Where the money goes, where that is not the account of the contract: to one house, or to several."""
        if {part.iban for part in parts} == {self._iban}:
            return {}
        if len({part.iban for part in parts}) == 1:
            return {"pis_purchase": {"creditor": {"iban": parts[0].iban, "name": parts[0].payee}}}
        return {"pis_bulk_purchase": [{"creditor_name": part.payee, "creditor_iban": part.iban} for part in parts]}

    def heard(self, body: bytes, headers: Mapping[str, str]) -> Told:
        """The purchase, signed over its bytes as they came."""
        address, sent = f"{self._base}public_key/", headers.get("X-Signature", "")
        if not _signed(self._documents.get(address, self._key), body, sent):
            newer = self._documents.renew(address, self._key)
            if not newer or not _signed(newer, body, sent):
                raise Refused("signature")
        try:
            return self._told(json.loads(body))
        except (ValueError, RecursionError, ProviderAway):
            raise Refused("content") from None

    def look(self, provider_id: str) -> Told:
        """The purchase as it is now."""
        return self._told(self._ask(f"purchases/{checked(provider_id)}/", None))

    def _told(self, said: Any) -> Told:
        try:
            sums, state = said["purchase"], _STATES.get(said["status"], PENDING)
            return Told(said["id"], said["reference"], sums["total"], sums["currency"], said["brand_id"], state)
        except (KeyError, TypeError):
            raise ProviderAway("no purchase") from None

    def _ask(self, path: str, told: Mapping[str, Any] | None) -> Any:
        found = ask(self._remote, self._base + path, told, {"Authorization": f"Bearer {self.gateway.secret}"})
        if not isinstance(found, dict):
            raise ProviderAway("no purchase")
        return found

    def _key(self) -> str:
        """Its public key, as JSON or as it is."""
        text = self._remote.fetch(f"{self._base}public_key/", None, self._bearer()).decode("utf-8", "replace").strip()
        key = json.loads(text) if text.startswith('"') else text
        _public(key)
        return str(key)

    def _bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.gateway.secret}"}


def _public(pem: str) -> Any:
    from cryptography.hazmat.primitives.serialization import load_pem_public_key  # here: few requests need it

    try:
        return load_pem_public_key(pem.encode())
    except ValueError:
        raise ProviderAway("no key") from None


def _signed(pem: str, body: bytes, signature: str) -> bool:
    from cryptography.exceptions import InvalidSignature  # as above
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA256

    try:
        _public(pem).verify(base64.b64decode(signature, validate=True), body, PKCS1v15(), SHA256())
    except (InvalidSignature, ValueError):  # ValueError: no base64
        return False
    return True
