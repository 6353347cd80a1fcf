"""Passwords: how they are hashed, and how many at a time (security rules 9, 13)."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from argon2 import extract_parameters
from flask import Flask

from auth.methods import password as method
from auth.methods.password import Busy, Passwords, set_password
from models.database import Database
from models.people import User
from models.rules.passwords import LONGEST
from models.settings import Settings
from tests.browser import Browser
from tests.cast import PASSWORD

CHEAP = Passwords(8, 1, 2)


def test_the_real_cost_is_the_recommended_one():
    """ASVS 11.4.2, OWASP: 19 MiB, two passes, one lane."""
    fields = Settings.model_fields
    real = Passwords(fields["argon2_memory_kib"].default, fields["argon2_time"].default, 1)
    stored = real.hash(PASSWORD)
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    parameters = extract_parameters(stored)
    assert (parameters.salt_len, parameters.hash_len) == (16, 32)
    assert real.matches(stored, PASSWORD) and not real.matches(stored, PASSWORD + " ")


def test_a_hash_of_another_cost_is_renewed_at_the_next_login(make_app, app: Flask):
    dearer = make_app(argon2_time=2)
    browser = Browser(dearer)
    browser.log_in("anna", "wrong")
    assert "t=1" in hash_of(dearer, "anna"), "not by a wrong password"
    browser.log_in("anna")
    assert browser.status == 200 and "m=8,t=2,p=1" in hash_of(dearer, "anna") and "t=1" in hash_of(dearer, "viktors")
    browser.client.delete_cookie("session")
    browser.log_in("anna")
    assert browser.status == 200


def hash_of(app: Flask, name: str) -> str:
    with app.extensions["ekabinets"].database.read() as connection:
        return connection.execute(sa.select(User.password_hash).where(User.username == name)).scalar_one()


@pytest.mark.parametrize("password", ["x" * 64, "x" * LONGEST, "Ж" * LONGEST, "パスワード 🔑", " ", "a\x00b", "'\"<>&%"])
def test_any_password_up_to_the_longest_can_be_used(database: Database, password: str):
    user = User(username="anna", name="Anna")
    with database.write() as session:
        set_password(session, CHEAP, user, password)
        stored = user.password_hash
    assert CHEAP.matches(stored, password)
    assert not CHEAP.matches(stored, password + "x") and not CHEAP.matches(stored, password[:-1])


def test_a_composed_and_a_decomposed_letter_are_one():
    assert CHEAP.matches(CHEAP.hash("za\u013ca"), "zal\u0327a")


def test_what_is_too_long_never_reaches_the_hash(browser: Browser, monkeypatch: pytest.MonkeyPatch):
    looked = []
    monkeypatch.setattr(Passwords, "matches", lambda self, stored, password: looked.append(password))
    browser.log_in("anna", "x" * (LONGEST + 1))
    assert browser.status == 422 and looked == []


@pytest.mark.parametrize("stored", [None, "", "plain text", "$argon2id$v=19$broken", "$2b$12$abcdefghijklmnopqrstuv"])
def test_without_a_usable_hash_nobody_gets_in(stored: str | None):
    assert not CHEAP.matches(stored, "nobody has this password") and not CHEAP.matches(stored, "")


def test_when_every_place_is_taken_the_page_says_so_and_when_to_come_back(browser: Browser, app: Flask, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(method, "WAIT_SECONDS", 0)
    held = app.extensions["ekabinets"].passwords
    form = browser.get("/login")
    with held._place(), held._place():
        page = browser.submit(form, "/login", username="anna", password=PASSWORD)
    assert browser.status == 503 and browser.response.headers["Retry-After"] == "5"
    assert page.headings == ["Not available right now"]
    browser.log_in("anna")
    assert browser.status == 200


def test_never_more_hashes_at_a_time_than_allowed(monkeypatch: pytest.MonkeyPatch):
    hashing, running, most, lock = Passwords(8, 1, 2), [0], [0], threading.Lock()
    meet = threading.Barrier(2)

    def verify(*_: object) -> bool:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        meet.wait(timeout=30)
        with lock:
            running[0] -= 1
        return True

    monkeypatch.setattr("argon2.PasswordHasher.verify", verify)
    with ThreadPoolExecutor(6) as pool:
        assert all(pool.map(lambda _: hashing.matches("stored", "password"), range(6)))
    assert most[0] == 2


def test_a_failing_hash_gives_its_place_back():
    hashing = Passwords(8, 1, 1)
    for _ in range(3):
        with pytest.raises(AttributeError):
            hashing.matches(object(), "x")  # type: ignore[arg-type]
    assert hashing.matches(hashing.hash("x"), "x")


def test_who_waits_too_long_is_sent_away(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(method, "WAIT_SECONDS", 0)
    hashing = Passwords(8, 1, 1)
    with hashing._place(), pytest.raises(Busy):
        hashing.hash("x")
