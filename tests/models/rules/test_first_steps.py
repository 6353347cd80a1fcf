"""What comes first in a new account, for every state that one can be in."""

from itertools import product

import pytest

from models.rules.first_steps import next_step, terms_are_new


@pytest.mark.parametrize(("issued", "version", "step"), [(True, 0, "password"), (True, 3, "password"), (False, 0, "visit"), (False, 1, ""), (False, 3, "")])
def test_a_foreign_password_is_changed_before_the_first_visit_and_nothing_comes_after_it(issued: bool, version: int, step: str):
    assert next_step(issued_password=issued, terms_version=version) == step


def test_only_who_has_accepted_older_terms_is_told_of_new_ones():
    told = [(accepted, current) for accepted, current in product(range(4), range(1, 4)) if terms_are_new(accepted, current)]
    assert told == [(1, 2), (1, 3), (2, 3)]
