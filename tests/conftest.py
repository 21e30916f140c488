"""Fixtures for several packages; generated cases are the same in every run."""

import gc
import shutil
import sys
import warnings

import pytest
from hypothesis import HealthCheck, settings
from thinned import mark_thinned
from torch_needs import HAS_TORCH, reason_to_skip

settings.register_profile(
    "repeatable",
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
settings.load_profile("repeatable")

gc.disable()  # while tests are collected, which leaves nothing to free


def pytest_collection_finish():
    gc.enable()


class SkippedWithoutTorch:
    """Skips tests that import torch if it is not installed."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name == "torch":
            pytest.skip("needs torch", allow_module_level=True)


if not HAS_TORCH:
    sys.meta_path.insert(0, SkippedWithoutTorch())


def pytest_ignore_collect(collection_path):
    """Ignore files that import what this torch lacks."""
    return True if collection_path.suffix == ".py" and reason_to_skip(str(collection_path)) else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Skip tests for which this torch is too old, and thin out slow families."""
    mark_thinned(items)
    for item in items:
        if reason := reason_to_skip(item.nodeid):
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty current folder; modules imported from it are unloaded."""
    monkeypatch.chdir(tmp_path)
    before = {*sys.modules}
    yield tmp_path
    for name in {*sys.modules} - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]


@pytest.fixture
def plain_screen(monkeypatch):
    """A terminal of 80 columns without colour, independent of the real one."""
    monkeypatch.setenv("COLUMNS", "80")
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM", "PYTHONIOENCODING"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def spark():
    """A Spark with two threads, used by all sweeps of this process."""
    if not shutil.which("java"):
        pytest.skip("Spark needs Java 17")
    from convcost.search.engines.spark.session import spark_session

    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
        with spark_session("local[2]") as session:
            yield session


@pytest.fixture
def torch_warnings_ignored():
    """Ignore torch's warnings about unusual arguments, which generated cases have."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
