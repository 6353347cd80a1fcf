"""Passkeys (A19; WebAuthn level 3): what a browser is asked to sign, and whether it did."""

import hmac
import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from sqlmodel import Session

from auth.visitor import Visitor
from models import factors
from models.audit import Actor, record
from models.factors import Factor
from models.settings import Settings
from models.types import AnyRow, Role

log = logging.getLogger("ekabinets.passkey")
_LONGEST = 1023  # bytes of a passkey's number, as the standard has it


class Wrong(Exception):
    """The browser's answer is not one to our question."""


def _library() -> Any:
    import webauthn  # here: it takes a tenth of a second and 10 MB that most processes never need

    return webauthn


def creation(settings: Settings, site_name: str, person: Visitor, challenge: str, own: Sequence[AnyRow]) -> str:
    """What a browser needs to make a passkey for this person that is none of her `own` ones, as JSON."""
    library = _library()
    words = library.helpers.structs
    chosen = words.AuthenticatorSelectionCriteria(
        resident_key=words.ResidentKeyRequirement.REQUIRED,
        user_verification=words.UserVerificationRequirement.REQUIRED,
    )
    options = library.generate_registration_options(
        rp_id=_host(settings), rp_name=site_name, user_name=person.username, user_display_name=person.name,
        user_id=_handle(settings, person.user_id), challenge=challenge.encode(), exclude_credentials=_named(own),
        authenticator_selection=chosen,
    )  # fmt: skip
    return str(library.options_to_json(options))


def question(settings: Settings, challenge: str, own: Sequence[AnyRow] = ()) -> str:
    """What a browser needs to use a passkey: one of a person's `own`, else whichever it has for us, as JSON."""
    library = _library()
    options = library.generate_authentication_options(
        rp_id=_host(settings), challenge=challenge.encode(), allow_credentials=_named(own),
        user_verification=library.helpers.structs.UserVerificationRequirement.REQUIRED,
    )  # fmt: skip
    return str(library.options_to_json(options))


def created(settings: Settings, user_id: int, name: str, challenge: str, answer: str) -> Factor:
    """The passkey that a browser made. Raises `Wrong`."""
    try:
        made = _library().verify_registration_response(
            credential=answer, expected_challenge=challenge.encode(), expected_rp_id=_host(settings),
            expected_origin=settings.base_url, require_user_verification=True,
        )  # fmt: skip
    except Exception as error:  # its own errors, and those of the decoders below it that a forger can bring about
        raise Wrong from error
    if len(made.credential_id) > _LONGEST:
        raise Wrong
    number, key = map(_library().helpers.bytes_to_base64url, (made.credential_id, made.credential_public_key))
    return Factor(user_id=user_id, kind="passkey", name=name, credential_id=number, secret=key, counter=made.sign_count)


def proved(
    session: Session, settings: Settings, challenge: str, answer: str, now: datetime, user_id: int | None = None
) -> int:
    """Whose passkey signed the challenge; where `user_id` is given it must be hers. Raises `Wrong`.

    Where it is not, a passkey is the whole login: that of staff, who need a password too, is not taken.
    """
    row, count, library = None, 0, _library()
    try:
        number = library.helpers.parse_authentication_credential_json(answer).raw_id
        row = factors.passkey(session, library.helpers.bytes_to_base64url(number))
        if row is None or (user_id != row.user_id if user_id else row.role is not Role.RESIDENT):
            raise Wrong
        signed = library.verify_authentication_response(
            credential=answer, expected_challenge=challenge.encode(), expected_rp_id=_host(settings),
            expected_origin=settings.base_url, credential_public_key=library.base64url_to_bytes(row.secret),
            credential_current_sign_count=0, require_user_verification=True,
        )  # fmt: skip
        count = signed.new_sign_count
    except Exception as error:  # as above
        record(session, Actor(row.user_id if row else user_id, "web"), "passkey.failed")
        raise Wrong from error
    if (count or row.counter) and count <= row.counter:  # two devices hold what was made in one
        log.warning("passkey %s has counted %s after %s", row.id, count, row.counter)
        record(session, Actor(row.user_id, "web"), "passkey.cloned", object_type="factor", object_id=row.id)
        raise Wrong
    factors.use(session, row, count, now)
    return int(row.user_id)


def _host(settings: Settings) -> str:
    return urlsplit(settings.base_url).hostname or ""


def _handle(settings: Settings, user_id: int) -> bytes:
    """What an authenticator calls the person by: always the same, and nobody's number."""
    return hmac.digest(settings.identifier_key.encode(), f"ekabinets passkey {user_id}".encode(), "sha256")


def _named(own: Sequence[AnyRow]) -> list[Any]:
    library = _library()
    ids = (library.base64url_to_bytes(row.credential_id) for row in own if row.kind == "passkey")
    return [library.helpers.structs.PublicKeyCredentialDescriptor(id=one) for one in ids]
