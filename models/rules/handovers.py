"""Hand-overs: on which days premises can change hands, and how the new owner is named (B08)."""

from datetime import date, timedelta

from models.rules.days import parse_day
from models.rules.identifiers import fold_login
from models.rules.mail import address_ok

BACK = timedelta(days=60)


def asked(day: str, to: str, since: date, until: date, today: date) -> tuple[date, str] | set[str]:
    """The first day of the new owner and who she is, as they were typed by who lives there from `since` to `until`.

    Else what is wrong with them: "day", "to". The day has come, because meters are read on it; it is no more than 60
    days ago, and the day before was still hers. `to` is an e-mail address, or a customer code of 1 to 32 characters.
    """
    first, whom = parse_day(day.strip()) or date.max, fold_login(to)
    wrong = set() if since < first <= min(today, until) and first >= today - BACK else {"day"}
    is_named = address_ok(whom) if "@" in whom else 0 < len(whom) <= 32
    return wrong | {"to"} if not is_named else wrong or (first, whom)
