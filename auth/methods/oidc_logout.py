"""The end of a session at its bank or broker and here: what is kept for it, and what a logout_token must say (A08).

OpenID Connect Back-Channel Logout 1.0 §2.4 and §2.6; the signature is checked before.
"""

import math
from collections.abc import Mapping
from typing import Any

from auth.methods.base import Refused
from models.providers import Provider

EVENT = "http://schemas.openid.net/event/backchannel-logout"
LEEWAY = 30  # seconds between the provider's clock and ours
LOGOUT_SECONDS = 300  # that a logout_token may be on its way
_HINT = 4_000  # characters of an id_token that still goes into an address


def told_of(provider: Provider, claims: Mapping[str, Any], id_token: str) -> dict[str, str]:
    """What `models.sessions` keeps of a login by this provider, as far as it has to do with its end."""
    if not (provider.logout or provider.backchannel_logout):
        return {}
    told = {"told_by": provider.issuer, "subject": claims["sub"]}
    if _is_word(claims.get("sid")):
        told["sid"] = claims["sid"]
    return told | ({"id_token": id_token} if provider.logout and len(id_token) <= _HINT else {})


def named_in(token: Any, provider: Provider, now: int) -> tuple[dict[str, str], str]:
    """Whose sessions end by a logout_token, by `subject`, `sid` or both; and its `jti`. Raises `Refused`."""
    claims, audience = token.claims, token.claims.get("aud")
    issued, expires, events = claims.get("iat"), claims.get("exp", now), claims.get("events")
    named = {ours: claims[theirs] for ours, theirs in (("subject", "sub"), ("sid", "sid")) if theirs in claims}
    right = {
        "typ": str(token.header.get("typ", "jwt")).lower() in ("jwt", "logout+jwt"),
        "iss": claims.get("iss") == provider.issuer,
        "aud": provider.client_id in (audience if isinstance(audience, list) else [audience]),
        "iat": _is_time(issued) and now - LOGOUT_SECONDS <= issued <= now + LEEWAY,
        "exp": _is_time(expires) and now - LEEWAY < expires,
        "jti": _is_word(claims.get("jti")),
        "events": isinstance(events, dict) and isinstance(events.get(EVENT), dict),
        "nonce": "nonce" not in claims,
        "sub or sid": bool(named) and all(_is_word(one) for one in named.values()),
    }
    if wrong := [claim for claim, is_right in right.items() if not is_right]:
        raise Refused(f"logout_token: {wrong[0]}")
    return named, claims["jti"]


def _is_time(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _is_word(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 255 and value.isprintable()
