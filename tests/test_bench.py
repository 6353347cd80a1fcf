"""What the product is measured against: the twins that are written by hand say the same, on both databases."""

from pathlib import Path

import pytest

from bench.data import prepare, settings
from bench.pages import Candidates


def test_the_twins_of_home_and_of_a_reading_answer_the_same_bytes(database_url: str, tmp_path: Path, capsys: pytest.CaptureFixture):
    people, _ = prepare(database_url, tmp_path, 25)
    main_job = Candidates(settings(database_url, tmp_path), people)
    main_job.compare()  # raises where they differ
    assert main_job.statements() == {"home, statements": 6, "submit, statements": 8}
