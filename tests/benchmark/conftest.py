"""A plain screen, and a folder for caches of its own."""

import pytest


@pytest.fixture(autouse=True)
def caches(plain_screen, monkeypatch, tmp_path):
    """The folder that the figures of this machine are in."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    return tmp_path / "caches" / "convcost"
