"""What holds for every comparison with torch."""

import warnings

import pytest


@pytest.fixture(autouse=True)
def _advice_of_torch_is_not_an_error():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
