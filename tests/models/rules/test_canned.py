"""What is filled in when a prepared reply is inserted, and what is left for its sender (H03)."""

from hypothesis import given
from hypothesis import strategies as st

from models.rules.canned import UNFILLED, VARIABLES, filled

VALUES = {"staff": "Ilze", "address": "", "client_code": "20417"}


def test_known_names_are_filled_in_and_others_are_left_to_be_seen():
    assert filled("{client_code}, {staff}; {address}, {nonsense}", VALUES) == "20417, Ilze; ⟦address⟧, ⟦nonsense⟧"
    assert filled("{} { staff} {a\nb} {{staff}}", VALUES) == "{} ⟦ staff⟧ {a\nb} {Ilze}"


@given(st.text())
def test_a_text_without_braces_stays_as_it_is(text: str):
    text = text.replace("{", "").replace("⟦", "").replace("⟧", "")
    assert filled(text, VALUES) == text and UNFILLED not in text


@given(st.text(), st.sampled_from(VARIABLES), st.dictionaries(st.sampled_from(VARIABLES), st.text(alphabet="abc{}", max_size=5)))
def test_whatever_has_no_value_is_noticed(text: str, name: str, values: dict):
    assert UNFILLED in filled(f"{text} {{{name}}}", values) or values.get(name)


@given(st.text(alphabet="{}⟦⟧a\n"), st.text(alphabet="{}⟦⟧a\n"))
def test_what_is_filled_in_is_not_filled_in_again(text: str, value: str):
    assert filled("{staff}", {"staff": f"{{staff}}{value}", "a": "x"}) == f"{{staff}}{value}"
    assert filled(text, {}).count("⟦") >= text.count("⟦")
