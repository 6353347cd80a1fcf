"""The markup of articles and the folding of words: nothing gets through, and what people type finds what was written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.rules.articles import LONGEST, WORDS, blocks, faults, fold, kept, pieces, rank, searched, stem

TEXTS = st.text(max_size=200)


def said(body: str) -> list[tuple[str, list[str]]]:
    """The blocks with the words of their lines."""
    return [(tag, ["".join(words for words, _ in line) for line in lines]) for tag, lines in blocks(body)]


def test_paragraphs_headings_and_lists_are_told_apart():
    body = "One\ntwo.\n\n## Head\n\n- a\n- b\n  goes on\n\n1. first\n2. second\n10. tenth\n\n\n  \nLast."
    assert said(body) == [("p", ["One two."]), ("h2", ["Head"]), ("ul", ["a", "b goes on"]), ("ol", ["first", "second", "tenth"]), ("p", ["Last."])]


def test_a_link_leads_to_a_page_of_ours_or_to_another_site_by_https():
    assert pieces("See [here](/help/a-b?x=1#top), [there](https://bis.gov.lv) or [at](https://a.lv/b%20c).") == [
        ("See ", ""), ("here", "/help/a-b?x=1#top"), (", ", ""), ("there", "https://bis.gov.lv"), (" or ", ""), ("at", "https://a.lv/b%20c"), (".", ""),
    ]  # fmt: skip


@pytest.mark.parametrize("address", [
    "javascript:alert(1)", "//evil.lv", "/\\evil.lv", "http://a.lv", "https://", "https://a.lv:80/", "https://u@a.lv", "mailto:a@b.lv",
    "data:text/html,x", "", " /help", "/help\n", "/ā", "help", "https://a.lv\\@b.lv", "/%2f/evil", '/"onclick="x',
])  # fmt: skip
def test_any_other_link_stays_plain_text_and_is_a_fault(address: str):
    text = f"[words]({address})"
    assert [piece for piece in pieces(text) if piece[1]] == []
    assert [line for line, _ in faults(f"Fine.\n\n{text}")][:1] == [3]


@pytest.mark.parametrize("line", ["# Head", "### Head", "##Head", "##", "<b>bold</b>", "</p>", "**bold**", "a\tb", "a\x00b", "a\u202eb"])
def test_what_is_no_markup_of_ours_is_a_fault_with_its_line(line: str):
    assert [number for number, _ in faults(f"One.\n{line}\nThree.")] == [2]


@pytest.mark.parametrize("body", ["2 < 3 and 3 > 2", "- a\n- b", "## Head\n\ntext", "[a](/b) (c) [d]", "5 * 4 * 3", ""])
def test_what_can_be_written_is_no_fault(body: str):
    assert [*faults(body)] == []


@given(TEXTS)
def test_whatever_is_written_becomes_blocks_and_no_address_is_strange(body: str):
    for tag, lines in blocks(body):
        assert tag in ("p", "h2", "ul", "ol")
        assert all(address == "" or address.startswith("https://") or address[0] == "/" != address[1:2] for line in lines for _, address in line)


@given(TEXTS)
def test_folding_twice_changes_nothing_and_case_and_diacritics_are_gone(text: str):
    assert fold(fold(text)) == fold(text) == fold(text).strip().casefold()
    assert not {*fold(text)} & {*"āčēģīķļņšūžёй%_ĀЁ\\\0"}


@pytest.mark.parametrize(("text", "folded"), [("Ūdens  skaitītājs!", "udens skaititajs"), ("СЧЁТЧИК, мой", "счетчик мои"), ("E-pasts, kā-tā", "epasts ka ta"), ("ﬁne_ĶĻŅŠŽ", "fine klnsz"), ("12 м³", "12 м3")])
def test_words_are_folded(text: str, folded: str):
    assert fold(text) == folded


@given(TEXTS)
def test_a_search_has_few_words_and_each_has_a_stem_that_it_begins_with(text: str):
    words = searched(text)
    assert len(words) <= WORDS and len(words) == len({*words})
    assert all(word.startswith(stem(word)) and stem(word) for word in words)
    assert kept(text) is None or 3 <= len(kept(text) or "") <= LONGEST


def test_short_words_count_only_where_there_is_no_other():
    assert searched("kā to ir nodot") == ["nodot"] and searched("ko un kā") == ["ko", "un", "ka"]


@pytest.mark.parametrize(("typed", "written"), [
    ("skaititajs", "skaititaju"), ("skaitatajs", "skaititajs"), ("skatitajs", "skaititajs"), ("skaiititajs", "skaititajs"), ("skaititasj", "skaititajs"),
    ("rekinu", "rekins"), ("paroli", "parole"), ("nodosana", "nodosanas"), ("readngs", "readings"), ("показаний", "показания"), ("счета", "счет"),
])  # fmt: skip
def test_an_ending_or_one_letter_does_not_matter(typed: str, written: str):
    assert rank([typed], written, written, forgiving=True) > 0


@pytest.mark.parametrize(("typed", "written"), [("parole", "balkons"), ("gaze", "maize"), ("tame", "vane"), ("banka", "tante"), ("skola", "skaititajs")])
def test_another_word_is_another_word(typed: str, written: str):
    assert rank([typed], "", written, forgiving=True) == 0


def test_half_of_the_words_have_to_be_there_and_count_more_in_a_title():
    assert rank(["rekins", "balkons", "durvis"], "rekins", "rekins") == 0 < rank(["rekins", "balkons"], "rekins", "rekins")
    assert rank(["rekins"], "rekins", "rekins") > rank(["rekins"], "cits", "rekins") > 0
    assert rank(["rekins"], "cits", "rekins") > rank(["rikins"], "cits", "rekins", forgiving=True) > 0 == rank(["rikins"], "cits", "rekins")


@pytest.mark.parametrize("text", ["anna@example.com", "010190-12345", "zvaniet 27017710", "2026", "ab", "x" * 61, " ! ? "])
def test_what_may_say_who_somebody_is_or_says_nothing_is_not_kept(text: str):
    assert kept(text) is None


def test_what_is_kept_is_folded():
    assert kept("  Balkona STIKLOŠANA 3 ") == "balkona stiklosana 3"
