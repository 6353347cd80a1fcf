"""Electronic signatures of containers (.edoc, .asice) and PDF: who signed, what is proved (G02; LG-20, OG-05).

Checked offline and by a child process, for what is read was made by strangers. Trust comes from certificates that the
operator supplies. Not proved offline: that a certificate was not revoked, and when exactly it signed.
"""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any, Protocol

from models.children import Ended, Limits, run
from models.identifiers import Identifiers
from models.rules.file_names import ending

CHILD = (sys.executable, "-m", "models.signatures_child")
KINDS = ("pdf", "edoc", "asice")  # endings of what may be signed
LARGEST = 20 * 10**6  # bytes of what is checked
_LONGEST = 300  # characters of a name or reason
_one = BoundedSemaphore(1)  # heavy work (security rule 13)


class State(StrEnum):
    """What is known of a signature, the worst first; of a document it is the worst of its signatures."""

    INVALID = "invalid"  # not a signature of this content, or not an acceptable one
    UNCHECKED = "unchecked"  # too large, of a kind that is not understood, or the check did not come to its end
    INTACT = "intact"  # of this content; nobody who is trusted here says whose
    TRUSTED = "trusted"  # and a trusted authority says whose
    UNSIGNED = "unsigned"  # of a document only: it has no signature


@dataclass(frozen=True)
class Signature:
    """One signature. All but state and reason is as its certificate and the signer say; `reason`: why not trusted."""

    state: State
    reason: str = ""
    name: str = ""
    serial: str = ""  # ETSI EN 319 412-1, "PNOLV-…" with a Latvian personal code
    issuer: str = ""
    signed_at: datetime | None = None  # UTC


@dataclass(frozen=True)
class Report:
    """What is known of a document. `reason`: what is wrong with it as a whole."""

    state: State
    reason: str = ""
    signatures: tuple[Signature, ...] = ()


class Validator(Protocol):
    """Checks the signatures of documents; an external service would be another one."""

    def check(self, name: str, content: bytes, now: datetime) -> Report:
        """What is known of a file, told by its name's ending. `now` is aware. Raises nothing."""


class Offline:
    """Checks with what is here: `trust_dir` has the authorities' certificates (PEM or DER), None trusts nobody."""

    def __init__(self, trust_dir: Path | None, limits: Limits | None = None) -> None:
        """Nothing is read yet."""
        self._trust, self._limits = str(trust_dir.resolve()) if trust_dir else "", limits or Limits()

    def check(self, name: str, content: bytes, now: datetime) -> Report:
        """As `Validator.check`."""
        if (kind := ending(name)) not in KINDS:
            return Report(State.UNSIGNED)
        if len(content) > LARGEST:
            return Report(State.UNCHECKED, "it is too large")
        if not _one.acquire(timeout=self._limits.wait_seconds):
            return Report(State.UNCHECKED, "others are being checked")
        try:
            return read(run([*CHILD, kind, self._trust, now.isoformat()], content, self._limits))
        except Ended as ended:
            return Report(State.UNCHECKED, "it took too long" if ended.code == "too_long" else "the check failed")
        finally:
            _one.release()


def report_of(signatures: Sequence[Signature]) -> Report:
    """A document with these signatures: it is no better than the worst of them."""
    worst = min((one.state for one in signatures), key=[*State].index, default=State.UNSIGNED)
    return Report(worst, "", tuple(signatures))


def write(report: Report) -> bytes:
    """A report as it goes from the child to its parent."""
    return json.dumps(asdict(report), default=datetime.isoformat).encode()


def read(text: bytes) -> Report:
    """The same again, safe to print: names of people and files were chosen by strangers."""
    told = json.loads(text)
    return Report(State(told["state"]), _plain(told["reason"]), tuple(_read_one(one) for one in told["signatures"]))


def _read_one(told: dict[str, Any]) -> Signature:
    moment = told.pop("signed_at")
    words: dict[str, Any] = {name: _plain(text) for name, text in told.items()}
    return Signature(**words | {"state": State(words["state"]), "signed_at": moment and datetime.fromisoformat(moment)})


def _plain(text: str) -> str:
    return "".join(one if one.isprintable() else "?" for one in text[:_LONGEST])


def code_hash(identifiers: Identifiers, signature: Signature) -> str | None:
    """The keyed hash of the signer's Latvian personal code, by which people are known here; None without a code."""
    country, _, code = signature.serial.partition("-")
    try:
        return identifiers.hash(code) if country == "PNOLV" else None
    except ValueError:
        return None


def trust_problems(trust_dir: Path | None) -> list[str]:
    """What `flask check --deploy` says of the certificates."""
    from models.certificates import anchors  # here, because a web process never needs it

    try:
        return [] if trust_dir is None or anchors(trust_dir) else ["trust_dir: has no certificate"]
    except (OSError, ValueError) as error:
        return [f"trust_dir: cannot be used ({error})"]
