"""Who jumps from landmark to landmark can tell them apart: no two of a page have one role and one name."""

import re

import pytest
import sqlalchemy as sa
from flask import Flask

from models.handovers import Handover
from tests.browser import Browser
from tests.cast import TODAY, Cast
from tests.lend import lend
from tests.standing import change

NAMED = re.compile(r'<(section|nav|form|aside)\b[^>]*?aria-(label|labelledby)="([^"]+)"')


def landmarks(html: str) -> list[tuple[str, str]]:
    """Role and name of each landmark that has a name."""
    found = []
    for tag, how, said in NAMED.findall(html):
        heading = re.search(rf'id="{re.escape(said)}"[^>]*>(.*?)</h', html, re.S)
        found.append((tag, said if how == "label" else heading[1]))
    return found


@pytest.mark.parametrize(("name", "path", "said"), [("liga", "/users", "Anna Ozoliņa"), ("anna", "/users", "Līga Ozoliņa"), ("anna", "/properties", "Hand-over of a property")])
def test_two_cards_with_one_heading_are_no_two_landmarks_of_one_name(app: Flask, cast: Cast, name: str, path: str, said: str):
    for number in range(2):
        lend(app, cast, public_id=f"{number}" * 16, granted_by=None)
        words = {"to_whom": "1", "changes_on": TODAY, "readings": [], "state": "refused", "reason": "x"}
        change(app, sa.insert(Handover).values(public_id=f"handed-over-{number}", premises_id=1, user_id=1, **words))
    browser = Browser(app)
    browser.log_in(name)
    html = browser.get(path).html
    found = landmarks(html)
    assert found and len(found) == len({*found}) and len(re.findall(rf"<h[23][^>]*>{said}</h", html)) == 2
