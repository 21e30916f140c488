"""The command line on a plain screen."""

import pytest


@pytest.fixture(autouse=True)
def _on_a_plain_screen(plain_screen):
    """What the tests themselves run in does not matter."""
