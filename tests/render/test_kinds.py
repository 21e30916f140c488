"""The registry of kinds of results: every function that it names is there, and no class is left out."""

import pytest

from convcost.core.errors import UsageError
from convcost.render import FORMATS, check_format, kinds
from convcost.render.kinds import KINDS, load_function


@pytest.mark.parametrize("name", KINDS)
def test_the_functions_of_a_kind_are_there(name):
    kind = KINDS[name]
    assert all(callable(load_function(place)) for place in (kind.document, kind.record, kind.rows) if place)


def test_every_class_of_results_is_a_kind():
    names = kinds.Result.replace("Listing", kinds.Listing).split(" | ")
    assert set(names) == set(KINDS)


def test_an_explanation_has_no_format_of_tables():
    from convcost.analysis.explain.steps import Explanation

    with pytest.raises(UsageError, match="explain has no format called csv"):
        check_format("csv", Explanation)
    assert set(KINDS["Explanation"].formats) == set(FORMATS) - {"csv", "html"}
