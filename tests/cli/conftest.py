"""An 80-column screen without colour, whatever the tests themselves run in."""

import pytest


@pytest.fixture(autouse=True)
def usual_screen(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM", "PYTHONIOENCODING"):
        monkeypatch.delenv(name, raising=False)
