"""Second factors at login and in the profile (A19; ASVS 6.3, 6.4, 6.5, 7.4.3)."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from models import factors
from models.audit import Actor, AuditRow
from models.factors import Factor
from models.outbox import Mail
from models.pending import Pending
from models.people import User
from models.sessions import WebSession
from models.types import utc_now
from tests.browser import Browser
from tests.cast import PASSWORD
from tests.gallery.scenes import GOOD, link_for
from tests.standing import change, fetch
from tests.views.factor_help import (
    CODE,
    HOME,
    SECOND,
    Authenticator,
    add_app,
    add_passkey,
    asked,
    begin,
    code_of,
    later,
    secret_of,
)
from tests.views.test_words import LANGUAGES, spoken


def half_in(app: Flask, name: str = "anna", **more: str) -> tuple[Browser, object]:
    """Somebody's new browser after the right password."""
    browser = Browser(app)
    return browser, browser.log_in(name, **more)


def here(browser: Browser) -> str:
    return browser.response.request.path


def actions(app: Flask) -> list[str]:
    return [action for (action,) in fetch(app, sa.select(AuditRow.action).order_by(AuditRow.id))]


def letters(app: Flask) -> list[str]:
    return [row.detail.get("what", row.kind) for row in fetch(app, sa.select(Mail.__table__).order_by(Mail.id))]


def test_an_app_is_added_by_its_first_code_and_asked_at_the_next_login(anna: Browser, app: Flask):
    page = anna.get(f"{HOME}/totp")
    assert secret_of(page) in page.text.replace(" ", "") and '<svg role="img"' in page.html
    secret, codes = add_app(anna)
    assert len({*codes}) == 10 and letters(app) == ["totp_added"]
    other, page = half_in(app)
    assert here(other) == SECOND and page.headings == ["One more step"] and "Sign out" not in page.text
    other.submit(page, SECOND, code=code_of(secret, later(1)))
    assert here(other).startswith("/properties/")
    assert fetch(app, sa.select(WebSession.acr).order_by(WebSession.id.desc()))[0].acr == "totp"
    assert "App for codes" in other.get(HOME).text and "password and a code" in other.get("/profile/sessions").text


def test_between_password_and_code_nobody_is_logged_in(anna: Browser, app: Flask):
    """ASVS 2.3.1: no step is skipped, and the secret in the cookie is no session."""
    add_app(anna)
    count = len(fetch(app, sa.select(WebSession.id)))
    other, _ = half_in(app)
    for path in ("/profile", "/properties", HOME):
        other.get(path)
        assert here(other) == "/login", path
    assert len(fetch(app, sa.select(WebSession.id))) == count and actions(app)[-1] == "login.half"


def test_a_code_is_good_once_also_with_spaces_and_after_a_failed_login(anna: Browser, app: Flask):
    """ASVS 6.5.1."""
    secret, _ = add_app(anna)
    used, code = code_of(secret, later()), code_of(secret, later(1))
    other, page = half_in(app)
    for typed in (used, f" {used[:3]} {used[3:]}"):
        page = other.submit(page, SECOND, code=typed)
        assert other.status == 422 and "was used already" in page.text, "it was used to set the app up"
    other, page = half_in(app)
    assert here(other.submit(page, SECOND, code=f"{code[:3]} {code[3:]}") and other).startswith("/properties/")
    third, page = half_in(app)
    for typed in (code, f"{code} ", used):
        third.submit(page, SECOND, code=typed)
        assert third.status == 422


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "0" * 5000, "AAAA-AAAA-AAAA-AAAA", "\x00"])
def test_what_is_no_code_is_asked_again(anna: Browser, app: Flask, typed: str):
    add_app(anna)
    other, page = half_in(app)
    page = other.submit(page, SECOND, code=typed)
    assert other.status == 422 and "This code is wrong" in page.text


def test_guessing_a_code_is_paused_for_the_account(anna: Browser, app: Flask):
    """ASVS 6.6.3."""
    secret, _ = add_app(anna)
    other, page = half_in(app)
    for _ in range(10):
        other.submit(page, SECOND, code="000000")
    other, page = half_in(app)
    page = other.submit(page, SECOND, code=code_of(secret, later(1)))
    assert other.status == 429 and "paused until" in page.text and int(other.response.headers["Retry-After"]) > 800
    viktors, _ = half_in(app, "viktors")
    assert here(viktors).startswith("/properties/")


def test_a_recovery_code_lets_in_once_and_says_so_in_a_letter(anna: Browser, app: Flask):
    _, codes = add_app(anna)
    other, page = half_in(app)
    other.submit(page, SECOND, code=codes[0].lower().replace("-", " "))
    assert here(other).startswith("/properties/") and "code_used" in letters(app)
    assert "9 codes are left" in other.get(HOME).text
    again, page = half_in(app)
    again.submit(page, SECOND, code=codes[0])
    assert again.status == 422
    again.submit(page, SECOND, code=codes[1][:5] + codes[2][5:])
    assert again.status == 422, "half of one and half of another"


def test_new_recovery_codes_void_the_older_ones(anna: Browser, app: Flask):
    _, codes = add_app(anna)
    page = anna.submit(anna.get(f"{HOME}/codes"), f"{HOME}/codes", old=PASSWORD)
    fresh = CODE.findall(page.text)
    assert len(fresh) == 10 and not {*fresh} & {*codes} and not CODE.findall(anna.get(f"{HOME}/codes").text)
    assert letters(app) == ["totp_added", "codes_renewed"]
    other, page = half_in(app)
    other.submit(page, SECOND, code=codes[0])
    assert other.status == 422


def test_neither_secret_nor_code_is_stored_as_it_is(anna: Browser, app: Flask):
    secret, codes = add_app(anna)
    stored = " ".join(row.secret for row in fetch(app, sa.select(Factor.secret)))
    assert secret not in stored and not [code for code in codes if code.replace("-", "")[4:] in stored]
    assert stored.count("$argon2id$") == 10
    assert not [row for row in fetch(app, sa.select(AuditRow.detail, AuditRow.action)) if secret in str(row)]


def test_a_new_password_by_letter_still_asks_for_the_second_factor(anna: Browser, app: Flask):
    """ASVS 6.4.3."""
    secret, _ = add_app(anna)
    other, path = Browser(app), f"/password/reset/{link_for(app, 'anna')}"
    page = other.submit(other.get(path), path, password=GOOD)
    assert here(other) == SECOND
    other.get("/profile")
    assert here(other) == "/login"
    other.submit(page, SECOND, code=code_of(secret, later(1)))
    assert here(other).startswith("/properties/")


def test_a_half_login_is_over_after_ten_minutes_and_after_one_use(anna: Browser, app: Flask):
    _, codes = add_app(anna)
    other, page = half_in(app)
    change(app, sa.update(Pending).values(expires_at=utc_now()))
    other.submit(page, SECOND, code=codes[0])
    assert here(other) == "/login"
    first, page = half_in(app)
    kept = first.client.get_cookie("session").value
    first.submit(page, SECOND, code=codes[1])
    assert here(first).startswith("/properties/")
    first.client.set_cookie("session", kept)
    first.submit(page, SECOND, code=codes[2])
    assert here(first) == "/login"


def test_a_half_login_belongs_to_its_browser(anna: Browser, app: Flask):
    secret, _ = add_app(anna)
    half_in(app)
    stranger = Browser(app)
    fields = stranger.get("/login").form("/login").fields
    stranger.post(SECOND, {"csrf_token": fields["csrf_token"], "code": code_of(secret, later(1))})
    assert here(stranger) == "/login"


def test_a_login_leads_on_to_the_page_that_was_wanted_and_nowhere_else(anna: Browser, app: Flask):
    _, codes = add_app(anna)
    for wanted, reached in (("/profile/sessions", "/profile/sessions"), ("//evil.example", "/properties/")):
        other = Browser(app)
        page = other.submit(other.get("/login"), "/login", username="anna", password=PASSWORD, next=wanted)
        page = other.submit(page, SECOND, code="000000")
        other.submit(page, SECOND, code=codes.pop())
        assert here(other).startswith(reached)


def test_a_remembered_device_stays_remembered_over_the_second_step(anna: Browser, app: Flask):
    secret, _ = add_app(anna)
    other, page = half_in(app, remember="1")
    other.submit(page, SECOND, code=code_of(secret, later(1)))
    row = fetch(app, sa.select(WebSession.remembered, WebSession.expires_at).order_by(WebSession.id.desc()))[0]
    assert row.remembered and row.expires_at > utc_now() + timedelta(days=59) and other.client.get_cookie("device")


@pytest.mark.parametrize("act", ["totp", "passkey/begin", "codes", "remove"])
def test_each_act_asks_the_password_again_and_says_what_is_wrong_with_it(anna: Browser, app: Flask, act: str):
    """ASVS 7.5.1."""
    add_app(anna)
    number, before = fetch(app, sa.select(Factor.id))[0].id, fetch(app, sa.select(Factor.__table__))
    for password, words in (("", "Enter your current password"), ("wrong", "This is not your current password"), ("x" * 999, "This is not")):
        page = anna.get(f"{HOME}/{act.partition('/')[0]}?factor={number}")
        code = code_of(secret_of(page), later()) if act == "totp" else ""
        page = anna.submit(page, f"{HOME}/{act}", code=code, name="Mine", old=password)
        assert anna.status == 422 and words in page.text
    assert fetch(app, sa.select(Factor.__table__)) == before


def test_a_wrong_first_code_keeps_the_secret_and_a_foreign_one_is_replaced(anna: Browser, app: Flask):
    viktors = Browser(app)
    viktors.log_in("viktors")
    page = anna.get(f"{HOME}/totp")
    again = anna.submit(page, f"{HOME}/totp", code="000000", old=PASSWORD)
    assert anna.status == 422 and secret_of(again) == secret_of(page) and "not the code of this secret" in again.text
    theirs = viktors.get(f"{HOME}/totp")
    for sealed in (theirs.form(f"{HOME}/totp").fields["sealed"], "", "x:y", page.form(f"{HOME}/totp").fields["sealed"][:-4] + "AAA="):
        found = anna.submit(page, f"{HOME}/totp", sealed=sealed, code=code_of(secret_of(theirs), later()), old=PASSWORD)
        assert anna.status == 422 and secret_of(found) not in (secret_of(page), secret_of(theirs))
    assert fetch(app, sa.select(Factor.id)) == []


def test_another_app_takes_the_place_of_the_first(anna: Browser, app: Flask):
    add_app(anna)
    secret, codes = add_app(anna)
    assert codes == [], "the recovery codes stay"
    assert [row.kind for row in fetch(app, sa.select(Factor.kind))].count("totp") == 1
    other, page = half_in(app)
    other.submit(page, SECOND, code=code_of(secret, later(1)))
    assert here(other).startswith("/properties/")


def test_removing_the_last_factor_takes_the_recovery_codes_and_the_question_away(anna: Browser, app: Flask):
    """ASVS 6.5.6."""
    add_app(anna)
    number = fetch(app, sa.select(Factor.id).where(Factor.kind == "totp"))[0].id
    page = anna.get(f"{HOME}/remove?factor={number}")
    anna.submit(page, f"{HOME}/remove", old=PASSWORD)
    assert here(anna) == HOME and fetch(app, sa.select(Factor.id)) == [] and letters(app)[-1] == "removed"
    other, _ = half_in(app)
    assert here(other).startswith("/properties/")


@pytest.mark.parametrize("number", ["theirs", "recovery", "", "x", "9" * 30, "-1", "١"])
def test_only_an_own_factor_is_removed(anna: Browser, app: Flask, number: str):
    viktors = Browser(app)
    viktors.log_in("viktors")
    add_app(viktors)
    add_app(anna)
    rows = {row.kind + str(row.user_id): row.id for row in fetch(app, sa.select(Factor.__table__))}
    ids = {"theirs": rows["totp2"], "recovery": rows["recovery1"]}
    page = anna.get(f"{HOME}/remove?factor={rows['totp1']}")
    before = fetch(app, sa.select(Factor.__table__))
    anna.submit(page, f"{HOME}/remove", factor=str(ids.get(number, number)), old=PASSWORD)
    assert here(anna) == HOME and anna.status == 200 and fetch(app, sa.select(Factor.__table__)) == before


def test_adding_and_removing_ends_every_other_session(anna: Browser, app: Flask):
    """ASVS 7.4.3."""
    other = Browser(app)
    other.log_in("anna")
    add_app(anna)
    other.get("/profile")
    assert here(other) == "/login" and "Anna" in anna.get("/profile").text


def test_of_two_at_once_only_one_uses_a_code(anna: Browser, app: Flask):
    """The row itself says whether it was taken: the check and the use are one statement."""
    add_app(anna)
    database = app.extensions["ekabinets"].database
    with database.read() as connection:
        own = factors.own(connection, 1)
    totp, code = own[0], own[1]
    for row, step in ((totp, totp.counter + 1), (code, 0)):
        for expected in (True, False):
            with database.write() as session:
                assert factors.use(session, row, step, utc_now()) is expected, row.kind


@pytest.fixture
def device() -> Authenticator:
    return Authenticator()


def test_a_passkey_lets_in_without_name_or_password(anna: Browser, app: Flask, device: Authenticator):
    page = add_passkey(anna, device)
    assert len(CODE.findall(page.text)) == 10 and "My phone" in anna.get(HOME).text and letters(app) == ["passkey_added"]
    other = Browser(app)
    other.submit(begin(other), "/login/passkey", answer=device.sign(asked(begin(other))))
    assert here(other).startswith("/properties/")
    row = fetch(app, sa.select(WebSession.__table__).order_by(WebSession.id.desc()))[0]
    assert (row.user_id, row.method, row.acr) == (1, "password", "passkey")


def test_a_passkey_is_asked_for_after_the_password(anna: Browser, app: Flask, device: Authenticator):
    add_passkey(anna, device)
    other, page = half_in(app)
    question = asked(page)
    assert question["userVerification"] == "required" and [key["id"] for key in question["allowCredentials"]]
    other.submit(page, SECOND, answer=device.sign(question))
    assert here(other).startswith("/properties/")


FORGED = {
    "another origin": {"origin": "https://evil.example"}, "another host": {"host": "evil.example"},
    "nobody verified": {"flags": 0x01}, "nobody there": {"flags": 0x04}, "an unknown passkey": {"number": b"unknown"},
    "a counter that stands": {"count": 0}, "another key": {"key": Authenticator().key},
}  # fmt: skip


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED.keys())
def test_a_forged_answer_lets_nobody_in(anna: Browser, app: Flask, device: Authenticator, forged: dict):
    add_passkey(anna, device)
    for name, value in forged.items():
        setattr(device, name, value)
    other = Browser(app)
    page = begin(other)
    page = other.submit(page, "/login/passkey", answer=device.sign(asked(page)))
    assert other.status == 422 and "does not belong to an account here" in page.text and asked(page)
    expected = "passkey.cloned" if forged == {"count": 0} else "passkey.failed"
    assert actions(app)[-1] == expected


def test_a_challenge_is_answered_once_and_only_in_its_own_browser(anna: Browser, app: Flask, device: Authenticator):
    add_passkey(anna, device)
    one, two = Browser(app), Browser(app)
    page, other_page = begin(one), begin(two)
    answer = device.sign(asked(page))
    two.submit(other_page, "/login/passkey", answer=answer)
    assert two.status == 422, "made for another browser"
    kept = one.client.get_cookie("session").value
    one.submit(page, "/login/passkey", answer=answer)
    assert here(one).startswith("/properties/")
    one.client.set_cookie("session", kept)
    one.submit(page, "/login/passkey", answer=answer)
    assert here(one) == "/login", "replayed"


def test_a_wrong_answer_uses_the_challenge_up(anna: Browser, app: Flask, device: Authenticator):
    add_passkey(anna, device)
    other = Browser(app)
    page = begin(other)
    again = other.submit(page, "/login/passkey", answer="{}")
    assert asked(again)["challenge"] != asked(page)["challenge"]
    other.submit(page, "/login/passkey", answer=device.sign(asked(page)))
    assert other.status == 422


def test_another_persons_passkey_is_no_second_factor_of_hers(anna: Browser, app: Flask, device: Authenticator):
    add_passkey(anna, device)
    viktors, theirs = Browser(app), Authenticator(number=b"his")
    viktors.log_in("viktors")
    add_passkey(viktors, theirs)
    other, page = half_in(app)
    page = other.submit(page, SECOND, answer=theirs.sign(asked(page)))
    assert other.status == 422 and "does not belong to your account" in page.text
    other.submit(page, SECOND, answer=device.sign(asked(page)))
    assert here(other).startswith("/properties/")


@pytest.mark.parametrize("answer", ["", "null", "[]", "{}", '{"id": 5}', '{"id": "\\u0000", "rawId": {}, "response": {}}', '{"id": "x", "rawId": "y"}', "\x00", "x" * 5000])
def test_what_is_no_answer_adds_and_opens_nothing(anna: Browser, app: Flask, answer: str):
    page = anna.submit(anna.get(f"{HOME}/passkey"), f"{HOME}/passkey/begin", name="Mine", old=PASSWORD)
    page = anna.submit(page, f"{HOME}/passkey", answer=answer)
    assert anna.status == 422 and "could not be added" in page.text
    other = Browser(app)
    other.submit(begin(other), "/login/passkey", answer=answer)
    assert other.status == 422 and fetch(app, sa.select(Factor.id)) == []


@pytest.mark.parametrize("forged", [{"origin": "https://evil.example"}, {"host": "evil.example"}, {"flags": 0x01}])
def test_a_passkey_made_elsewhere_or_by_nobody_is_not_added(anna: Browser, app: Flask, forged: dict):
    add_passkey(anna, Authenticator(**forged))
    assert anna.status == 422 and fetch(app, sa.select(Factor.id)) == []


def test_a_passkey_is_added_to_one_account_only(anna: Browser, app: Flask, device: Authenticator):
    add_passkey(anna, device)
    viktors = Browser(app)
    viktors.log_in("viktors")
    add_passkey(viktors, device)
    assert viktors.status == 422 and {row.user_id for row in fetch(app, sa.select(Factor.user_id))} == {1}


@pytest.mark.parametrize("name", ["", "   ", "x" * 61, "a\nb", "a\x00b"])
def test_a_passkey_has_a_name(anna: Browser, name: str):
    page = anna.submit(anna.get(f"{HOME}/passkey"), f"{HOME}/passkey/begin", name=name, old=PASSWORD)
    assert anna.status == 422 and "Give it a name" in page.text


def test_a_passkey_of_a_closed_account_opens_nothing(anna: Browser, app: Flask, device: Authenticator):
    add_passkey(anna, device)
    change(app, sa.update(User).where(User.username == "anna").values(disabled_at=utc_now()))
    other = Browser(app)
    page = begin(other)
    other.submit(page, "/login/passkey", answer=device.sign(asked(page)))
    assert other.status == 422


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_recovery_codes_that_are_left_have_their_plural(app: Flask, language: str) -> None:
    anna, said = Browser(app, language), []
    anna.log_in("anna")
    for kind, name in (("totp", ""), ("recovery", "AAAA"), ("recovery", "BBBB")):
        change(app, sa.insert(Factor).values(user_id=1, kind=kind, name=name, secret="x", counter=0))
        said.append(anna.get(HOME).text)
    assert spoken(language, "Atlicis 1 kods", "1 code is left", "Остался 1 код") in said[1]
    assert spoken(language, "Atlikuši 2 kodi", "2 codes are left", "Осталось 2 кода") in said[2]


def test_removing_and_renewing_touch_nobody_elses_and_nothing_more(app: Flask, anna: Browser):
    def own(name: str) -> list[tuple[str, str]]:
        return [(row.kind, row.name) for row in fetch(app, sa.select(Factor.kind, Factor.name).join(User, User.id == Factor.user_id).where(User.username == name).order_by(Factor.id))]

    numbers = {row.username: row.id for row in fetch(app, sa.select(User.id, User.username))}
    with app.extensions["ekabinets"].database.write() as session:
        for name in ("anna", "viktors"):
            for kind, number in (("totp", None), ("passkey", f"{name}-1"), ("passkey", f"{name}-2")):
                made = Factor(user_id=numbers[name], kind=kind, name=number or "", secret="s", credential_id=number)
                assert factors.add(session, Actor(numbers[name], "web"), 0, utc_now(), made)
            factors.renew_codes(session, Actor(numbers[name], "web"), {f"{name}-code": "hash"})
        factors.renew_codes(session, Actor(numbers["anna"], "web"), {"new-code": "hash"})
    theirs = [("totp", ""), ("passkey", "viktors-1"), ("passkey", "viktors-2"), ("recovery", "viktors-code")]
    assert own("anna") == [("totp", ""), ("passkey", "anna-1"), ("passkey", "anna-2"), ("recovery", "new-code")] and own("viktors") == theirs
    left = own("anna")
    while left:
        (number,) = fetch(app, sa.select(sa.func.min(Factor.id)).where(Factor.user_id == numbers["anna"]))[0]
        with app.extensions["ekabinets"].database.write() as session:
            factors.remove(session, Actor(numbers["anna"], "web"), 0, utc_now(), number)
        left = left[1:] if len(left) > 2 else []  # with the last one go the codes
        assert own("anna") == left and own("viktors") == theirs


@pytest.mark.parametrize(("kind", "taken"), [("passkey", [True, True, True]), ("totp", [True, False, True])])
def test_a_passkey_without_a_counter_is_used_again_and_a_code_is_not(app: Flask, anna: Browser, kind: str, taken: list[bool]):
    counters = (0, 0, 0) if kind == "passkey" else (7, 7, 8)
    with app.extensions["ekabinets"].database.write() as session:
        assert factors.add(session, Actor(1, "web"), 0, utc_now(), Factor(user_id=1, kind=kind, secret="s", credential_id="n" if kind == "passkey" else None))
        (row,) = factors.own(session, 1)
        assert [factors.use(session, row, counter, utc_now()) for counter in counters] == taken
