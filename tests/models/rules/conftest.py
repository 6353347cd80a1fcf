"""Hypothesis for the rules: the same examples on every run, and no test fails because a machine is slow."""

from hypothesis import settings

settings.register_profile("rules", deadline=None, derandomize=True, database=None)
settings.load_profile("rules")
