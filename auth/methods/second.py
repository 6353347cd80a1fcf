"""The second factor of a login (A19): codes of an app and recovery codes, each good for once (ASVS 6.5.1)."""

import re
import secrets
from datetime import datetime

from auth.methods import totp
from auth.methods.password import Passwords
from models import factors, throttle
from models.audit import Actor, record
from models.database import Database
from models.identifiers import Identifiers, IdentifierUnreadable
from models.types import AnyRow

CODES = 10
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # none that is read as another
_GROUP = 4


def about(user_id: int) -> str:
    """What the secret of a person's app is sealed for."""
    return f"totp {user_id}"


def new_codes(passwords: Passwords) -> tuple[list[str], dict[str, str]]:
    """Recovery codes of four groups to be shown once; and the hash of the last three by the first, which finds it."""
    names: set[str] = set()
    while len(names) < CODES:
        names.add(_letters(_GROUP))
    rests = {name: _letters(3 * _GROUP) for name in names}
    shown = ["-".join([name, *re.findall("." * _GROUP, rest)]) for name, rest in rests.items()]
    return shown, {name: passwords.hash(rest) for name, rest in rests.items()}


def prove(
    database: Database, passwords: Passwords, identifiers: Identifiers, user_id: int, typed: str, now: datetime,
    kinds: tuple[str, ...] = ("totp", "recovery"),
) -> str | throttle.Wait | None:  # fmt: skip
    """Which of these kinds of factor a typed code proves; None for a wrong or used one.

    Tries are counted as those of a password, before the code is looked at (ASVS 6.6.3).
    """
    lane = f"{user_id} second factor"
    with database.write() as session:
        left = throttle.take_try(session, lane, None, now)
        own = [row for row in factors.own(session, user_id) if row.kind in kinds]
    if isinstance(left, throttle.Wait):
        return left
    code = re.sub(r"[\s-]", "", typed[:100]).upper()
    step = next((step for step in (_step(identifiers, row, code, now) for row in own) if step), None)
    row = next((row for row in own if row.kind == ("totp" if step else "recovery") and (step or _is(row, code))), None)
    right = row and (step or passwords.matches(row.secret, code[_GROUP:]))
    with database.write() as session:
        if row and right and factors.use(session, row, step or 0, now):
            throttle.succeeded(session, lane)
            return str(row.kind)
        record(session, Actor(user_id, "web"), "factor.failed")
    return None if left else throttle.Wait(now + throttle.PAUSE, "account")


def _step(identifiers: Identifiers, row: AnyRow, code: str, now: datetime) -> int | None:
    if row.kind != "totp":
        return None
    try:
        return totp.step_of(identifiers.unseal(row.secret, about(row.user_id)), code, now)
    except IdentifierUnreadable:  # made under another key: her recovery codes still work
        return None


def _is(row: AnyRow, code: str) -> bool:
    return bool(row.name == code[:_GROUP])


def _letters(count: int) -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(count))
