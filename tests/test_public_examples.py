"""The examples in the docstrings of public names, run as they stand."""

import doctest
import inspect
import operator

import pytest

import convcost

WITHOUT = {
    "Comparison",
    "ConvcostError",
    "Convention",
    "Cost",
    "Explanation",
    "Match",
    "Memory",
    "Spec",
    "Sweep",
}
"""Data that functions with examples make."""


def examples(name):
    import torch

    found = operator.attrgetter(name)(convcost)
    names = {each: getattr(convcost, each) for each in convcost.__all__}
    tests = doctest.DocTestFinder(recurse=True, exclude_empty=True).find(
        found, name, module=inspect.getmodule(found), globs={**names, "torch": torch}
    )
    return [test for test in tests if test.examples]


@pytest.mark.parametrize("name", [*convcost.__all__, "Report.subs", "Report.lambdify"])
def test_examples_in_docstrings_are_right(name):
    found = examples(name)
    assert bool(found) == (name not in WITHOUT)
    said = []
    for test in found:
        doctest.DocTestRunner(verbose=False).run(test, out=said.append)
    assert not said, "".join(said)
