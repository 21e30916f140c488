"""The pytest plugin of convcost: a fixture and a marker for `assert_cost`.

    def test_the_cost(convcost):
        convcost("[B, S, 10E] -> Linear(10E, E)", flops="20*B*S*E**2")

The `convcost` marker sets defaults of the fixture for a test, a class or a module:

    @pytest.mark.convcost(E=128, max_params="1 M")

pytest loads this file in every run, so it imports nothing slow.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from convcost.assertion import assert_cost

if TYPE_CHECKING:
    from convcost.core.report import Report

__all__ = ["assert_cost", "convcost", "pytest_configure"]

MARKER = "convcost(**options): default limits, sizes and options of the fixture convcost"

RECORDED_METRICS = ("flops", "macs", "params", "trainable_params")
"""The quantities recorded in JUnit reports."""


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line("markers", MARKER)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Raise UsageError for a test with its own marker, but without the fixture: it would assert nothing."""
    for item in items:
        is_marked = any(marker.name == "convcost" for marker in item.own_markers)
        if is_marked and "convcost" not in getattr(item, "fixturenames", ()):
            message = "has the marker convcost, but does not use the fixture convcost, so it asserts nothing"
            raise pytest.UsageError(f"{item.nodeid} {message}")


@pytest.fixture
def convcost(
    request: pytest.FixtureRequest, record_property: Callable[[str, object], None]
) -> Callable[..., Report]:
    """`assert_cost` with defaults from the `convcost` markers of the test; the innermost one wins."""
    defaults = _defaults(request.node)

    def assert_with_defaults(design: Any, /, *inputs: Any, **options: Any) -> Report:
        __tracebackhide__ = True
        report = assert_cost(design, *inputs, **{**defaults, **options})
        for metric in RECORDED_METRICS:
            record_property(f"convcost.{report.name}.{metric}", str(getattr(report, metric)))
        return report

    return assert_with_defaults


def _defaults(node: Any) -> dict[str, Any]:
    markers = list(node.iter_markers("convcost"))[::-1]
    if any(marker.args for marker in markers):
        pytest.fail(
            "the convcost marker takes only keyword arguments, such as E=128 or max_params=10_000",
            pytrace=False,
        )
    return {name: value for marker in markers for name, value in marker.kwargs.items()}
