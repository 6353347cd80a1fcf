"""The demo's notices: one of each kind, in three languages, at each of the five sites."""

from datetime import timedelta

from demo.story import DATA
from tests.demo.folders import Demo


def test_there_is_an_unread_a_read_an_ended_a_personal_and_a_scheduled_one(demo: Demo) -> None:
    rows = demo.rows("notices")
    published = [row["published"][:10] for row in rows]
    assert str(demo.today + timedelta(days=3)) in published and str(demo.today - timedelta(days=2)) in published
    assert [row["until"][:10] for row in rows if row["emergency"] == "1"] == [str(demo.today - timedelta(days=20))]
    assert [row["files"] for row in rows if row["files"]] == ["parbaudes-grafiks.pdf"] and [row["title_ru"] for row in rows if row["customers"]] == [""]
    assert {bool(notice.get("read")) for notice in DATA["notices"]} == {True, False}
