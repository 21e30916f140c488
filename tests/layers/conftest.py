"""Comparisons with torch, whose warnings are no errors here."""

import pytest


@pytest.fixture(autouse=True)
def _ignore_warnings(torch_warnings_ignored):
    """The cases are full of unusual arguments, such as an even kernel with padding="same"."""
