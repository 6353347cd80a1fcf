"""Personal codes at rest, a keyed hash and an encrypted value (decisions.md 31); and other secrets."""

import hmac
import os
from base64 import b64decode, b64encode

from models.rules.identifiers import normal_identifier

_NONCE = 12  # bytes; random, which is safe for some 2^32 values under one key


class IdentifierUnreadable(ValueError):
    """A stored value was encrypted with another key, or is damaged."""


class Identifiers:
    """Hashes and encrypts with keys that are derived from `Settings.identifier_key`."""

    def __init__(self, key: str) -> None:
        """`key`: the setting, any text of at least 32 characters."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # here: 6 MB that most processes never need

        self._hash_key = _derive(key, "hash")
        self._cipher = AESGCM(_derive(key, "encryption"))
        # Stands before each encrypted value, so that a later key can tell what is still to be encrypted again.
        self.key_id = _derive(key, "id")[:4].hex()

    def hash(self, text: str) -> str:
        """64 hexadecimal digits: the same for the same code in whatever form. ValueError when it has not 11 digits."""
        return hmac.digest(self._hash_key, normal_identifier(text).encode(), "sha256").hex()

    def encrypt(self, text: str) -> str:
        """The 11 digits as `key id:base64`, another text each time. ValueError when there are not 11."""
        return self.seal(normal_identifier(text))

    def decrypt(self, stored: str) -> str:
        """The 11 digits again. Raises `IdentifierUnreadable`."""
        return self.unseal(stored)

    def seal(self, text: str, about: str = "") -> str:
        """Any text as `key id:base64`. `about`: whose it is and what for; nowhere else can it be read again."""
        nonce = os.urandom(_NONCE)
        sealed = self._cipher.encrypt(nonce, text.encode(), (self.key_id + about).encode())
        return f"{self.key_id}:{b64encode(nonce + sealed).decode()}"

    def unseal(self, stored: str, about: str = "") -> str:
        """The text again. Raises `IdentifierUnreadable`."""
        from cryptography.exceptions import InvalidTag  # as above

        key_id, _, text = stored.partition(":")
        try:
            data = b64decode(text, validate=True)
            return self._cipher.decrypt(data[:_NONCE], data[_NONCE:], (key_id + about).encode()).decode()
        except (InvalidTag, ValueError):
            raise IdentifierUnreadable(key_id) from None


def _derive(key: str, purpose: str) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256  # as above
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    info = f"ekabinets identifier {purpose}".encode()
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(key.encode())
