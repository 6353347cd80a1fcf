"""Readings sent at the same moment to a real server: one reading each, and one answer."""

from functools import partial
from pathlib import Path

import pytest

from models.database import Database
from tests.browser import Page
from tests.cast import Cast
from tests.concurrency.server import Server, Visitor, at_once, running
from tests.concurrency.stored import receipts, stored


def test_twenty_posts_of_one_form_are_one_reading_and_one_answer(anna: Visitor, database: Database, cast: Cast) -> None:
    form = anna.open(cast.cold)
    answers = at_once([partial(anna.send, cast.cold, form, "195,5")] * 20)
    assert len(answers) == 20 and len(set(answers)) == 1
    assert answers[0][0] == 200 and "Consumption: 3.500 m³." in answers[0][1].replace("\u00a0", " ")
    assert [row.value for row in stored(database, cast.cold)] == [195_500] and receipts(database) == 1


def test_two_processes_on_sqlite_and_one_on_postgresql_do_the_same(database: Database, staged_url: str, tmp_path: Path, cast: Cast) -> None:
    with running(staged_url, tmp_path, 2 if database.is_sqlite else 1) as server:
        anna = Visitor(server.port, "anna")
        form = anna.open(cast.cold)
        answers = at_once([partial(anna.send, cast.cold, form, "195,5")] * 20)
    assert len(set(answers)) == 1 and answers[0][0] == 200 and len(stored(database, cast.cold)) == 1


def test_twenty_values_from_one_form_store_one_and_ask_the_others(anna: Visitor, database: Database, cast: Cast) -> None:
    form = anna.open(cast.cold)
    values = [f"{193 + n % 5},{n + 10}" for n in range(20)]
    answers = at_once([partial(anna.send, cast.cold, form, value) for value in values])
    assert sorted(status for status, _ in answers) == [200] + [409] * 19
    assert all("You have already sent" in body for status, body in answers if status == 409)
    assert len(stored(database, cast.cold)) == 1 and receipts(database) == 1


def test_of_twenty_forms_with_twenty_values_one_wins_each_round_and_none_is_forgotten(anna: Visitor, database: Database, cast: Cast) -> None:
    waiting = {f"{193 + n % 5},{n + 10}": anna.open(cast.cold) for n in range(20)}
    won: list[str] = []
    for _ in range(2):
        answers = at_once([partial(anna.send, cast.cold, form, value) for value, form in waiting.items()])
        told = dict(zip(waiting, answers, strict=True))
        won += [value for value, (status, _) in told.items() if status == 200]
        waiting = {value: anna.fields(cast.cold, body) for value, (status, body) in told.items() if status == 409}
        assert len(won) + len(waiting) == 20
    assert len(won) == 2 and [row.value for row in stored(database, cast.cold)] == [int(v.replace(",", "") + "0") for v in won]
    assert receipts(database) == 2


def test_of_two_people_at_one_meter_one_is_first_and_the_other_is_told(anna: Visitor, server: Server, database: Database, cast: Cast) -> None:
    people = [anna, Visitor(server.port, "marta")]
    forms = [person.open(cast.cold) for person in people]
    sent = ["195,5", "196,5"]
    answers = at_once([partial(p.send, cast.cold, form, value) for p, form, value in zip(people, forms, sent, strict=True)])
    assert sorted(status for status, _ in answers) == [200, 409]
    loser = next(n for n, (status, _) in enumerate(answers) if status == 409)
    body = answers[loser][1]
    assert f"A reading was submitted meanwhile: {sent[1 - loser].replace(',', '.')}00" in body
    assert people[loser].send(cast.cold, people[loser].fields(cast.cold, body))[0] == 200
    assert [row.value for row in stored(database, cast.cold)] == [int(sent[n].replace(",", "") + "00") for n in (1 - loser, loser)]


def test_twenty_forms_of_all_meters_at_once_wait_for_each_other_without_a_knot(anna: Visitor, database: Database, cast: Cast) -> None:
    address = f"/properties/{cast.flat}/readings"
    meters = [cast.cold, cast.hot]
    opened = anna.ask("GET", address)[1]
    forms = [Page(opened).form(address).fields | {f"r-{cast.cold}-1": "195", f"r-{cast.hot}-1": "528"} for _ in range(20)]
    for number, form in enumerate(forms):
        form["once"] = f"{form['once']}{number % 10}"  # ten forms, each sent twice
    answers = at_once([partial(anna.ask, "POST", address, form) for form in forms])
    assert {status for status, _ in answers} == {200}
    assert [len(stored(database, mid)) for mid in meters] == [1, 1]


def test_a_form_sent_again_after_a_restart_gets_its_first_answer(anna: Visitor, server: Server, database: Database, cast: Cast) -> None:
    form = anna.open(cast.cold)
    first = anna.send(cast.cold, form, "195,5")
    server.stop()
    with pytest.raises(OSError):
        anna.send(cast.cold, form, "195,5")
    server.start()
    assert anna.send(cast.cold, form, "195,5") == first and first[0] == 200
    assert len(stored(database, cast.cold)) == 1 and receipts(database) == 1
