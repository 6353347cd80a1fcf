"""Words of a search by staff: kept and asked for in the same way, whatever is typed."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.rules.articles import fold
from models.rules.search import (
    EVERY,
    LETTERS,
    WORDS,
    asked,
    covered,
    excerpt,
    kept,
    number,
    of_customer,
    terms,
)

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
LATVIAN = st.text("aābcčdeēgģikķlļmnņosšuūvzž АБВёй 0129-–.,'\"*", max_size=60)


def has(folded: str, typed: str, letters: int) -> bool:
    """What the patterns say, which is what the indexes say."""
    patterns = [re.escape(one).replace("%", ".*") for one in asked("postgresql", terms(typed, letters), letters)["likes"]]
    return all(re.fullmatch(pattern, f" {folded} ") for pattern in patterns)


@pytest.mark.parametrize(("typed", "meant"), [
    ("12", 12), ("No. 12", 12), ("no12", None), ("Nr.12", 12), ("№ 12", 12), ("#12", 12), ("１２", 12), ("0", 0), ("999999999", 999_999_999),
    ("1234567890", None), ("12-34", None), ("12-12", None), ("1-5", None), ("٣", None), ("", None), ("No.", None), ("12 a", None),
])  # fmt: skip
def test_a_number_alone_is_one(typed: str, meant: int | None):
    assert number(typed) == meant


def test_words_are_kept_by_six_letters_and_numbers_whole():
    assert kept(["Karstā ūdens skaitītājs", None, "12–34, nr. 123456789, udens"], LETTERS) == "karsta udens skaiti 12 34 nr 123456789"
    assert kept(["Karstā skaitītājs 12-34"]) == "karsta skaititajs 12 34"
    assert of_customer("20417", "Anna Ozoliņa", None, "+371 2912-3456") == "20417 anna ozolina 371 2912 3456 29123456"


@pytest.mark.parametrize(("typed", "letters", "sqlite", "postgres"), [
    ("Skaitītājs", LETTERS, '"skaiti"', "'skaiti'"), ("bērz", LETTERS, '"berz"*', "'berz':*"), ("an 123", LETTERS, '"an" AND "123"', "'an' & '123'"),
    ("Bērziņa", EVERY, '"berzina"*', "'berzina':*"), ("204", EVERY, '"204"*', "'204':*"), ("12", EVERY, '"12"', "'12'"),
    ("+371 2912 3456", EVERY, '"29123456"*', "'29123456':*"), ('" OR * NEAR(a', LETTERS, '"or" AND "near"* AND "a"', "'or' & 'near':* & 'a'"),
])  # fmt: skip
def test_a_search_becomes_a_query_of_words_alone(typed: str, letters: int, sqlite: str, postgres: str):
    wanted = terms(typed, letters)
    assert [asked(dialect, wanted, letters)["query"] for dialect in ("sqlite", "postgresql")] == [sqlite, postgres]


@given(TEXTS | LATVIAN, st.sampled_from((LETTERS, EVERY)))
def test_a_query_has_no_sign_that_a_database_could_read_as_its_own(text: str, letters: int):
    wanted = terms(text, letters)
    assert len(wanted) <= WORDS and all(word and not re.search(r"[\W_]", word) and len(word) <= EVERY for word, _ in wanted)
    assert "\0" not in kept([text], letters) and "  " not in kept([text], letters)


@given(LATVIAN, st.sampled_from((LETTERS, EVERY)))
def test_every_text_is_found_by_its_own_words(text: str, letters: int):
    for word in text.split():
        if not re.search(r"\d{6}", word):  # it may be a telephone, which is searched in one
            assert has(kept([text], letters), word, letters)
            assert has(kept([text], letters), word.upper(), letters)


@given(LATVIAN, LATVIAN)
def test_what_the_index_of_conversations_finds_has_a_reason_and_an_excerpt(text: str, typed: str):
    wanted = terms(typed, LETTERS)
    hits = covered(text, wanted)
    assert bool(wanted and hits == {*wanted}) == bool(wanted and has(kept([text], LETTERS), typed, LETTERS))
    piece = excerpt(text, wanted)
    assert bool(piece) == bool(hits) and fold(piece.strip("…")) in fold(text)


def test_what_is_kept_has_a_bound_and_ends_with_a_word():
    folded = kept([" ".join(f"{number:05}" for number in range(90_000))])
    assert 199_000 < len(folded) <= 200_000 and folded == folded.strip()


def test_an_excerpt_is_short_and_around_the_word():
    text = "viens " * 40 + "Skaitītājs rāda " + "divi " * 40
    piece = excerpt(text, terms("skaititaju", LETTERS))
    assert piece.startswith("…") and piece.endswith("divi…") and "Skaitītājs rāda" in piece and len(piece) < 130
    assert excerpt("Īss teksts.", terms("teksts", LETTERS)) == "Īss teksts." and excerpt("Īss teksts.", terms("nav", LETTERS)) == ""
    assert len(excerpt("x" * 5000, terms("x" * 5000, LETTERS))) < 130
