"""What the signatures of a document say, as pages for staff show it (G02; LG-20, OG-05)."""

from collections.abc import Iterator, Mapping

from auth.state import reading, state
from models import quarantine
from models.files import FileMissing, StorageAway
from models.identifiers import Identifiers
from models.signatures import Offline, Report, Signature, State, code_hash
from models.types import utc_now

_DOUBTFUL = (State.INVALID, State.UNCHECKED)


def signatures_of(name: str, file_hash: str) -> Report:
    """What the signatures of a file say; it takes a second, so it is asked for."""
    try:
        quarantine.check(reading(), file_hash)
        content = state().storage.open(file_hash)
    except (quarantine.HeldBack, FileMissing, StorageAway):
        return Report(State.UNCHECKED, "it cannot be opened")
    return Offline(state().settings.authorities).check(name, content, utc_now())


def signers(report: Report, known: Mapping[str, str]) -> Iterator[tuple[Signature, str, str]]:
    """Each signature with whose personal code it names: "applicant", "customer" (and her name), "other", "nothing" to
    compare, "" where nobody knows. `known`: names of customers by the hash of their code, "" of who sent the document.
    """
    keys = Identifiers(state().settings.identifier_key)
    for one in report.signatures:
        code = None if one.state in _DOUBTFUL else code_hash(keys, one)
        name = known.get(code or "")
        whose = "other" if code and known else "nothing"
        if name is not None:
            whose = "customer" if name else "applicant"
        yield one, "" if one.state in _DOUBTFUL else whose, name or ""
