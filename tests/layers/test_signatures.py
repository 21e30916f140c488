"""The layers' arguments are torch.nn's: names, order, defaults, what is given by keyword alone."""

import inspect
from dataclasses import MISSING
from importlib import import_module

import pytest
import torch
from torch_modules import signature

from convcost.layers import FAMILIES, FUNCTIONS, KINDS, layer_class
from convcost.layers.interface import Layer, argument_fields

WITHOUT_COST = ("self", "args", "kwargs", "device", "dtype", "_weight", "_freeze", "_random_samples")
MODULES = ("custom_encoder", "custom_decoder")
"""Arguments that are modules, which a spec has no words for."""

WORDS = {torch.nn.functional.relu: "relu"}
"""Defaults that are functions, by the words that torch takes for them too."""

DEPRECATED = {"Hardtanh": ("min_value", "max_value")}


@pytest.mark.parametrize("kind", KINDS)
def test_the_fields_are_the_arguments_of_torch(kind):
    left_out = (*WITHOUT_COST, *MODULES, *DEPRECATED.get(kind, ()))
    theirs = [
        (name, WORDS.get(parameter.default, parameter.default), parameter.kind is parameter.KEYWORD_ONLY)
        for name, parameter in signature(kind).items()
        if name not in left_out
    ]
    ours = [
        (field.name, inspect.Parameter.empty if field.default is MISSING else field.default, field.kw_only)
        for field in argument_fields(layer_class(kind))
    ]
    assert ours == theirs


@pytest.mark.parametrize("kind", KINDS)
def test_a_dtype_is_taken_where_torch_takes_one(kind):
    assert layer_class(kind).has_dtype == ("dtype" in signature(kind))


@pytest.mark.parametrize("family", FAMILIES | FUNCTIONS)
def test_a_family_lists_the_public_layers_of_its_module(family):
    module = import_module(f"convcost.layers.{family}")
    public = [
        name
        for name, value in vars(module).items()
        if isinstance(value, type) and issubclass(value, Layer) and name[0] != "_"
        if value.__module__ == module.__name__
    ]
    assert sorted((FAMILIES | FUNCTIONS)[family]) == sorted(public)


def test_no_kind_is_listed_twice():
    assert len(KINDS) == len(set(KINDS))


def test_a_name_that_is_no_layer_has_no_class():
    assert layer_class("Conv9d") is None


@pytest.mark.parametrize("kind", KINDS)
def test_every_layer_is_frozen_and_hashable(kind):
    layer = layer_class(kind)
    assert layer.__dataclass_params__.frozen
    assert layer.__hash__ is not None


def test_a_layer_is_written_as_torch_writes_its_call():
    layer = layer_class("Conv1d")(8, 16, 3, padding="same", bias=False)
    assert str(layer) == "Conv1d(8, 16, 3, padding=same, bias=False)"
