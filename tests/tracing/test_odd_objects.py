"""A user's objects that raise where they are shown, compared, hashed or opened, or contain themselves."""

import dataclasses
import os

import pytest
import torch
from torch import nn

from convcost.counters import COUNTERS
from convcost.counters.crosscheck import crosscheck_model
from convcost.tracing.profile import Profiler, profile
from convcost.tracing.tensors import tensors

MACS = 2 * 4 * 4


def fails(*_, **__):
    raise ValueError("on purpose")


def of_class(name, *bases, **methods):
    return type(name, bases, methods)


METHODS = (
    *("__repr__", "__str__", "__format__", "__eq__", "__hash__", "__len__", "__bool__", "__iter__"),
    *("__contains__", "__getitem__", "__getattr__", "__getattribute__", "__setattr__", "__delattr__"),
    *("__dir__", "__sizeof__", "__copy__", "__deepcopy__", "__reduce_ex__", "items", "values", "keys"),
)

OBJECTS = {f"{kind.__name__} {name}": (kind, name) for name in METHODS for kind in (object, list, dict)}


def make_odd_object(kind, name):
    found = of_class("Odd", kind, **{name: fails})()
    if kind is list:
        list.append(found, 1)
    if kind is dict:
        dict.__setitem__(found, "a", 1)
    return found


class NoClass:
    @property
    def __class__(self):
        raise ValueError("no class")


class NoDict:
    @property
    def __dict__(self):
        raise ValueError("no dict")


@dataclasses.dataclass
class Record:
    """Its field can't be read."""

    field: object = None

    def __getattribute__(self, name):
        if name == "field":
            raise ValueError("no field")
        return object.__getattribute__(self, name)


def list_in_itself():
    found = [1]
    found.append(found)
    return found


def dict_in_itself():
    found = {}
    found["again"] = found
    return found


def lists_in_each_other():
    one, other = [], []
    one.append(other)
    other.append(one)
    return (one, other)


def object_in_itself():
    found = dataclasses.make_dataclass("Node", ["next"])(None)
    found.next = found
    return found


OTHERS = {
    make_odd_object.__name__: make_odd_object
    for make_odd_object in (
        NoClass,
        NoDict,
        Record,
        list_in_itself,
        dict_in_itself,
        lists_in_each_other,
        object_in_itself,
    )
}


def make(name):
    return OTHERS[name]() if name in OTHERS else make_odd_object(*OBJECTS[name])


class Net(nn.Module):
    def __init__(self, held=None):
        super().__init__()
        self.linear = nn.Linear(4, 4)
        self.__dict__["held"] = held

    def forward(self, x, *_, **__):
        return self.linear(x), self.held


X = torch.ones(2, 4)


@pytest.mark.parametrize("name", [*OBJECTS, *OTHERS])
def test_an_odd_object_changes_no_count_wherever_it_is(name):
    assert profile(Net(make(name)), X).macs == MACS
    assert profile(Net([make(name), {"a": make(name)}]), X).macs == MACS
    assert profile(Net(), X, make(name)).macs == MACS
    assert profile(Net(), X, [make(name)], key=make(name)).macs == MACS
    assert Profiler(backward=True, footprint="").profile(Net(make(name)), X).macs == MACS


MODULE_METHODS = (
    *("__repr__", "__str__", "extra_repr", "_get_name", "__eq__", "__hash__", "__len__", "__bool__"),
    *("__iter__", "__dir__", "__getstate__", "__reduce_ex__", "__deepcopy__", "named_modules", "modules"),
    *("children", "named_parameters", "parameters", "named_buffers", "buffers", "state_dict"),
)


@pytest.mark.parametrize("name", MODULE_METHODS)
@pytest.mark.parametrize("place", ["model", "submodule"])
def test_an_odd_module_is_counted(name, place):
    module = of_class("Odd", Net, **{name: fails})()
    module = Only(module) if place == "submodule" else module
    assert profile(module, X).macs == MACS
    assert Profiler(backward=True, footprint="").profile(module, X).macs == MACS


class Only(nn.Module):
    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def forward(self, x):
        return self.inner(x)[0]


def test_a_module_that_is_equal_to_another_is_another_module():
    class Equal(nn.Linear):
        def __eq__(self, other):
            return True

        __hash__ = None

    assert profile(nn.Sequential(Equal(4, 4), Equal(4, 4)), X).macs == 2 * MACS


def test_what_a_module_says_of_itself_is_left_out_where_it_cannot_say_it():
    report = profile(Only(of_class("Odd", Net, extra_repr=fails)()), X)
    assert [str(row.layer) for row in report.rows] == ["in_features=4, out_features=4, bias=True"]


@pytest.mark.parametrize("name", ["__repr__", "__eq__", "__len__", "__getattr__"])
def test_counters_agree_on_a_model_that_holds_an_odd_object(name):
    module = Only(Net(make_odd_object(object, name)))
    report = profile(module, X)
    found = crosscheck_model(module, (X,), {}, report, tuple(COUNTERS.values()))
    assert {name: opinion.result.verdict for name, opinion in found} == dict.fromkeys(COUNTERS, "agrees")


def test_a_counter_that_raises_what_cannot_be_shown_is_named():
    error = of_class("OddError", Exception, __str__=fails, __repr__=fails)
    home = os.getpid()

    class Raising(nn.Linear):
        def forward(self, x):
            if os.getpid() != home:
                raise error
            return super().forward(x)

    module = Raising(4, 4)
    [(_, opinion)] = crosscheck_model(module, (X,), {}, profile(module, X), (COUNTERS["flop_counter_mode"],))
    assert (opinion.result.verdict, opinion.result.reason) == ("unavailable", "it raised OddError")


def test_tensors_in_a_list_that_contains_itself_are_found_once():
    found = [X, {"x": X}]
    found.append(found)
    assert [tensor is X for tensor in tensors(found)] == [True, True]


def test_a_user_s_containers_are_put_back_whatever_they_say_of_themselves():
    kept = make_odd_object(list, "__iter__")
    before = [*list.__iter__(kept)]

    class Appending(nn.Linear):
        def forward(self, x):
            list.append(KEPT, x)
            return super().forward(x)

    KEPT.extend([kept])
    assert profile(Appending(4, 4), X).macs == MACS
    assert (len(KEPT), [*list.__iter__(kept)]) == (1, before)


KEPT: list = []
