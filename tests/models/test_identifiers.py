"""Personal codes at rest: found by hash, shown by decryption, useless without the key."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.identifiers import Identifiers, IdentifierUnreadable

ONE, OTHER = Identifiers("a" * 32), Identifiers("b" * 32)
CODES = st.from_regex(r"[0-9]{6}-?[0-9]{5}", fullmatch=True)


@given(code=CODES)
def test_a_code_comes_back_and_is_never_stored_the_same_way_twice(code):
    first, second = ONE.encrypt(code), ONE.encrypt(code)
    assert first != second
    assert ONE.decrypt(first) == ONE.decrypt(second) == code.replace("-", "")
    assert len(first) <= 400


@given(code=CODES)
def test_a_code_is_found_by_its_hash_in_every_form(code):
    plain = code.replace("-", "")
    assert ONE.hash(code) == ONE.hash(plain) == ONE.hash(f"PNOLV-{plain}")
    assert len(ONE.hash(code)) == 64
    assert OTHER.hash(code) != ONE.hash(code)


def test_what_another_key_encrypted_is_unreadable_and_says_which_key_it_was():
    stored = ONE.encrypt("010190-12345")
    with pytest.raises(IdentifierUnreadable, match=ONE.key_id):
        OTHER.decrypt(stored)
    assert ONE.key_id != OTHER.key_id


@pytest.mark.parametrize(
    "change", [lambda s: s[:-2] + "A=", lambda s: s[9:], lambda s: "", lambda s: "00000000" + s[8:], lambda s: s + "!"]
)
def test_a_damaged_value_is_unreadable(change):
    with pytest.raises(IdentifierUnreadable):
        ONE.decrypt(change(ONE.encrypt("010190-12345")))


@pytest.mark.parametrize("text", ["", "123", "010190-123456", "abcdefghijk"])
def test_what_has_not_eleven_digits_is_refused(text):
    for act in (ONE.hash, ONE.encrypt):
        with pytest.raises(ValueError, match="11 digits"):
            act(text)


def test_a_secret_is_read_only_as_what_it_was_sealed_for():
    sealed = ONE.seal("JBSWY3DP", "totp 1")
    assert ONE.unseal(sealed, "totp 1") == "JBSWY3DP" and "JBSWY3DP" not in sealed
    for keys, about in ((ONE, "totp 2"), (ONE, ""), (OTHER, "totp 1")):
        with pytest.raises(IdentifierUnreadable):
            keys.unseal(sealed, about)
