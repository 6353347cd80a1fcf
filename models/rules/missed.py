"""How many windows somebody has let pass (D21). Pure; the days are local ones.

A rule opens once a month, so a month stands for its window. Who was away through a whole window has not missed it.
"""

from collections.abc import Iterable
from datetime import date, timedelta

from models.rules.windows import IsWorking, WindowRule, window_of

MOST = 12  # more are not counted: by then it is a matter for a conversation


def missed(rule: WindowRule, last: date, away: Iterable[tuple[date, date]], today: date, is_working: IsWorking) -> int:
    """The windows in a row that have closed before `today` without a reading; 0 to `MOST`.

    `last`: the month of the last reading, any day of it; where there is none, that in which the tenure or the meter
    began. `away`: absences, both days inclusive.
    """
    absences, month, count = [*away], today.replace(day=1), 0
    while count < MOST and month > last:
        window = window_of(rule, month, is_working)
        was_away = any(first <= window.opens and window.closes <= until for first, until in absences)
        count += window.closes < today and not was_away
        month = (month - timedelta(days=1)).replace(day=1)
    return count
