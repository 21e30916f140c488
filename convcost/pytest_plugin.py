"""The pytest plugin that comes with convcost: a fixture and a marker around `assert_cost`.

    def test_the_cost(convcost):
        convcost("[B, S, 10E] -> Linear(10E, E)", flops="20*B*S*E**2")

The `convcost` marker has defaults for the fixture, for a test, a class or a module:

    @pytest.mark.convcost(E=128, max_params="1 M")

pytest loads this file in every run, so it imports nothing that takes long.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from convcost.assertion import assert_cost

if TYPE_CHECKING:
    from convcost.core.report import Report

__all__ = ["assert_cost", "convcost", "pytest_configure"]

MARKER = "convcost(**defaults): default limits, sizes and options for the convcost fixture"

RECORDED = ("flops", "macs", "params", "trainable_params")
"""What a JUnit report has of each cost that was asserted."""


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", MARKER)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse a test with a marker of its own that asserts nothing, as it does not take the fixture."""
    for item in items:
        is_marked = any(marker.name == "convcost" for marker in item.own_markers)
        if is_marked and "convcost" not in getattr(item, "fixturenames", ()):
            message = "has the convcost marker but does not use the convcost fixture, so nothing is asserted"
            raise pytest.UsageError(f"{item.nodeid} {message}")


@pytest.fixture
def convcost(
    request: pytest.FixtureRequest, record_property: Callable[[str, object], None]
) -> Callable[..., Report]:
    """`assert_cost`, with what the test's `convcost` markers have as defaults: the innermost one wins."""
    defaults = _defaults(request.node)

    def assert_with_defaults(design: Any, /, *inputs: Any, **asked: Any) -> Report:
        __tracebackhide__ = True
        report = assert_cost(design, *inputs, **{**defaults, **asked})
        for metric in RECORDED:
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
