"""What staff read of the signatures of a document (G02; LG-20, OG-05)."""

from collections.abc import Iterator, Mapping

from auth.state import state
from models.identifiers import Identifiers
from models.signatures import Report, Signature, State, code_hash

_WORDS = {
    State.TRUSTED: "valid and trusted (whether it was revoked is not checked)", State.INVALID: "invalid",
    State.INTACT: "intact, trust not established", State.UNCHECKED: "not checked", State.UNSIGNED: "none",
}  # fmt: skip


def lines(report: Report, known: Mapping[str, str]) -> Iterator[str]:
    """The state of a document, then each signature; `known`: whose are which keyed hashes of personal codes."""
    identifiers = Identifiers(state().settings.identifier_key)
    yield f"signatures: {_with(_WORDS[report.state], report.reason)}"
    for one in report.signatures:
        at = f", {state().clock.local(one.signed_at):%Y-%m-%d %H:%M}" if one.signed_at else ""
        yield f"  {one.name or '?'}{at}: {_with(_WORDS[one.state], one.reason)}{_who(identifiers, one, known)}"


def _with(words: str, reason: str) -> str:
    return f"{words}: {reason}" if reason else words


def _who(identifiers: Identifiers, one: Signature, known: Mapping[str, str]) -> str:
    """Whose code it is. What no authority vouches for, anybody can write into a certificate."""
    if one.state not in (State.TRUSTED, State.INTACT):
        return ""
    code = code_hash(identifiers, one)
    if whose := known.get(code or ""):
        return f"; {whose}{'' if one.state is State.TRUSTED else ', as nobody but the certificate says'}"
    return "; neither the applicant nor the customer" if code and known else "; nothing to compare the signer with"
