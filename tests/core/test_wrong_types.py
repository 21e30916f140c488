"""What is of a wrong type gets a ConvcostError that says what is wanted, from every public function."""

import decimal
import inspect
import re
from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest
import torch

import convcost
from convcost.benchmark.stopwatch import Stopwatch
from convcost.core.errors import ConvcostError, UsageError, WrongTypeError

RELU = "[B, E] -> ReLU"
REPORT = convcost.cost("[B, E] -> Linear(E, 4)")
COMPARISON = convcost.compare("Linear(3, 4)", "Linear(3, 5)")


class Hostile:
    def __str__(self):
        raise ValueError("no text")

    __repr__ = __index__ = __float__ = __len__ = __iter__ = __eq__ = __str__
    __hash__ = object.__hash__

    def __getattr__(self, name):
        raise ValueError("no attribute")


GARBAGE = {
    "None": None,
    "True": True,
    "zero": 0,
    "negative": -3,
    "an enormous int": 10**5000,
    "an enormous negative int": -(10**5000),
    "a float": 2.5,
    "infinity": float("inf"),
    "a complex": 1j,
    "a Decimal": decimal.Decimal("1.5"),
    "bytes": b"Linear(3, 4)",
    "a list": [1, 2],
    "a list of texts": ["Linear(3, 4)"],
    "a tuple": (),
    "a dict": {"E": 3},
    "a dict by numbers": {3: 4},
    "a set": {1},
    "a module": torch.nn.Linear(4, 4),
    "a module's class": torch.nn.Linear,
    "a class": int,
    "a function": len,
    "a generator": (each for each in ()),
    "a tensor": torch.zeros(2),
    "a tensor of one": torch.ones(1),
    "an array": np.zeros(2),
    "a dtype": torch.float16,
    "a device": torch.device("cpu"),
    "a NumPy float": np.float32(1.5),
    "an empty text": "",
    "garbage": "}{ \x00 \x1b[31m \udcff",
    "a long text": "Linear(" * 10_000,
    "an object": object(),
    "a hostile object": Hostile(),
    "a module of Python": inspect,
    "a Spec": convcost.parse(RELU),
    "a Report": REPORT,
    "a Comparison": COMPARISON,
    "a Convention": convcost.Convention(),
    "a Cost": convcost.Cost(),
    "a Stopwatch": Stopwatch(),
}

CALLS = {
    "parse": convcost.parse,
    "cost": convcost.cost,
    "cost E": lambda wrong: convcost.cost(RELU, E=wrong),
    "cost sizes": lambda wrong: convcost.cost(RELU, sizes=wrong),
    "cost sizes E": lambda wrong: convcost.cost(RELU, sizes={"E": wrong}),
    "compare first": lambda wrong: convcost.compare(wrong, RELU),
    "compare second": lambda wrong: convcost.compare(RELU, wrong),
    "compare single": convcost.compare,
    "compare E": lambda wrong: convcost.compare(E=wrong),
    "match a": lambda wrong: convcost.match(wrong, "Linear(E, 4)", vary="E"),
    "match b": lambda wrong: convcost.match(RELU, wrong, vary="E"),
    "match vary": lambda wrong: convcost.match("Linear(3, 4)", "Linear(E, 4)", vary=wrong),
    "match metric": lambda wrong: convcost.match("Linear(3, 4)", "Linear(E, 4)", vary="E", metric=wrong),
    "match budget": lambda wrong: convcost.match("Linear(E, 4)", vary="E", budget=wrong),
    "match multiple_of": lambda wrong: matched(multiple_of=wrong),
    "match minimum": lambda wrong: matched(minimum=wrong),
    "match maximum": lambda wrong: matched(maximum=wrong),
    "match minimum E": lambda wrong: matched(minimum={"E": wrong}),
    "match K": lambda wrong: convcost.match("Linear(3, K)", "Linear(E, 4)", vary="E", K=wrong),
    "explain": convcost.explain,
    "explain convention": lambda wrong: convcost.explain(RELU, convention=wrong),
    "explain E": lambda wrong: convcost.explain(RELU, E=wrong),
    "code": convcost.code,
    "build E": lambda wrong: convcost.build(RELU, E=wrong),
    "memory": convcost.memory,
    "memory E": lambda wrong: convcost.memory(RELU, E=wrong),
    "memory dtype": lambda wrong: convcost.memory(REPORT, wrong),
    "memory optimizer": lambda wrong: convcost.memory(REPORT, optimizer=wrong),
    "profile": lambda wrong: convcost.profile(wrong, torch.zeros(1, 4)),
    "Profiler formulas": lambda wrong: profiled(formulas=wrong),
    "Profiler backward": lambda wrong: profiled(backward=wrong),
    "Profiler memory": lambda wrong: profiled(memory=wrong),
    "Profiler footprint": lambda wrong: profiled(footprint=wrong),
    "roofline": lambda wrong: convcost.roofline(wrong, "h100"),
    "roofline device": lambda wrong: convcost.roofline(REPORT, wrong),
    "roofline E": lambda wrong: convcost.roofline(RELU, "h100", E=wrong),
    "roofline dtype": lambda wrong: convcost.roofline(REPORT, "h100", wrong),
    "roofline twice": lambda wrong: convcost.roofline(REPORT, "h100", twice=wrong),
    "timed": lambda wrong: convcost.timed(wrong, wrong),
    "timed pair": lambda wrong: convcost.timed((wrong, torch.zeros(1, 4)), RELU, E=1, stopwatch=None),
    "timed stopwatch": lambda wrong: convcost.timed(RELU, RELU, stopwatch=wrong),
    "timed E": lambda wrong: convcost.timed(RELU, RELU, E=wrong, B=wrong, stopwatch=None),
    "assert_cost": lambda wrong: convcost.assert_cost(wrong, flops=1),
    "assert_cost input": lambda wrong: convcost.assert_cost(RELU, wrong, flops=1),
    "assert_cost like": lambda wrong: convcost.assert_cost(RELU, like=wrong, E=3),
    "assert_cost flops": lambda wrong: convcost.assert_cost(RELU, flops=wrong, E=3),
    "assert_cost count": lambda wrong: convcost.assert_cost(RELU, flops=0, count=wrong),
    "assert_cost taps": lambda wrong: convcost.assert_cost(RELU, flops=0, taps=wrong),
    "assert_cost tolerance": lambda wrong: convcost.assert_cost(RELU, flops=0, tolerance=wrong),
    "assert_cost dtype": lambda wrong: convcost.assert_cost(RELU, flops=0, dtype=wrong),
    "assert_cost E": lambda wrong: convcost.assert_cost(RELU, flops=0, E=wrong),
    "assert_cost sizes": lambda wrong: convcost.assert_cost(RELU, flops=0, sizes=wrong),
    "subs": lambda wrong: REPORT.subs(E=wrong),
    "subs sizes": lambda wrong: REPORT.subs(sizes=wrong),
    "lambdify": REPORT.lambdify,
    "lambdify metric": lambda wrong: REPORT.lambdify("B", "E", metric=wrong),
    "lambdify E": lambda wrong: REPORT.lambdify("B", "E")(3, wrong),
    "ratio": lambda wrong: COMPARISON.ratio(wrong, COMPARISON.candidates[1]),
    "ratio candidate": lambda wrong: COMPARISON.ratio("flops", wrong),
    "ratios": COMPARISON.ratios,
    "Spec.report": lambda wrong: convcost.parse(RELU).report({"E": wrong}),
}  # fmt: skip


def matched(**options):
    return convcost.match("Linear(3, 4)", "Linear(E, 4)", vary="E", **options)


def profiled(**settings):
    module = torch.nn.Linear(4, 4)
    return convcost.Profiler(**settings).profile(module, torch.zeros(1, 4))


@pytest.mark.parametrize("kind", GARBAGE)
@pytest.mark.parametrize("call", CALLS)
def test_nothing_but_an_error_of_convcost_comes_of_garbage(call, kind):
    with suppress(*expected(call)):
        CALLS[call](GARBAGE[kind])


def expected(call):
    """A cost that is not as asserted is what assert_cost is there to tell."""
    return (ConvcostError, AssertionError) if call.startswith("assert_cost") else (ConvcostError,)


ACCEPTED = (
    'a string such as "Linear(3, 4)" or "net.py:Net", a Spec, a Report, '
    'or a torch module with its inputs, (module, "f32[1,3,224,224]")'
)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: convcost.compare(torch.nn.Linear, "ReLU"),
         f"the design must be {ACCEPTED}, not the class Linear\nCreate an instance: Linear(...)"),
        (lambda: convcost.cost(3), f"the design must be {ACCEPTED}, not 3"),
        (lambda: convcost.memory(None), f"the design must be {ACCEPTED}, not None"),
        (lambda: convcost.profile("Linear(4, 4)"),
         "the module must be a torch module, not the string 'Linear(4, 4)'\n"
         "For a design as text, use convcost.cost('Linear(4, 4)')."),
        (lambda: convcost.profile(torch.nn.Linear),
         "the module must be a torch module, not the class Linear\n"
         "Create an instance: Linear(...)"),
        (lambda: convcost.memory(REPORT, torch.bfloat16), "dtype must be a string, not torch.bfloat16\n"
         'Give its name: "bfloat16".'),
        (lambda: convcost.explain(RELU, convention="all"),
         "convention must be a convcost.Convention, not the string 'all'\n"
         'For example, convcost.Convention("all").'),
        (lambda: convcost.cost(RELU, E="128"), "E is the string '128'; a size must be a whole number"),
    ],
)  # fmt: skip
def test_the_message_says_what_is_wanted_and_what_to_do(call, message):
    with pytest.raises(WrongTypeError, match=f"^{re.escape(message)}$"):
        call()


def test_a_formula_that_is_no_function_is_refused():
    with pytest.raises(
        WrongTypeError, match=r"^the formula of aten::addmm must be a function, not 7\nFor example, "
    ):
        profiled(formulas={"aten::addmm": 7})


@pytest.mark.parametrize(
    "other", [3, "ReLU", COMPARISON, convcost.Cost()], ids=lambda each: type(each).__name__
)
def test_a_report_adds_to_reports_alone(other):
    with pytest.raises(TypeError, match="unsupported operand"):
        REPORT + other


@pytest.mark.parametrize("number", [np.int64(8), np.array(8)], ids=["a NumPy int", "an array of one"])
def test_a_match_takes_another_library_s_whole_number_for_a_size(number):
    design = "[3] -> Linear(3, E) -> Linear(E, K)"
    assert convcost.match("Linear(3, 33)", design, vary="E", K=number).best[0].sizes == {"E": 9}


def test_it_is_a_type_error_too():
    with pytest.raises(TypeError):
        convcost.cost(None)


def parameters():
    """The names of all parameters of what takes sizes by name."""
    functions = (convcost.cost, convcost.compare, convcost.match, convcost.timed, convcost.assert_cost,
                 convcost.Report.subs, convcost.Report.lambdify, convcost.profile)  # fmt: skip
    names = {name for function in functions for name in inspect.signature(function).parameters}
    return sorted(
        {*names, "spec", "a", "b", "self", "module", "format", "json", "flops", "max_params", "class"}
    )


@pytest.mark.parametrize("name", parameters())
def test_a_size_may_have_the_name_of_any_parameter(name):
    design = f"[B, {name}] -> Linear({name}, 4)"
    by_name, mapped = {name: 3, "B": 2}, {"sizes": {name: 3, "B": 2}}
    assert convcost.cost(design, **by_name).macs == convcost.cost(design, **mapped).macs == 24
    assert convcost.compare(design, design, **by_name).first.macs == 24
    assert convcost.cost(design).subs(**by_name).macs == 24
    assert convcost.cost(design).subs(**mapped).macs == 24
    assert convcost.cost(design).lambdify(name, "B", metric="macs")(3, 2) == 24
    assert convcost.match("[2, 3] -> Linear(3, 4)", design, vary="B", sizes={name: 3}).best[0].sizes == {
        "B": 2
    }
    assert convcost.assert_cost(design, macs=24, **mapped).macs == 24


def test_an_option_that_is_a_size_says_how_the_size_is_given():
    with pytest.raises(UsageError) as caught:
        convcost.match("Linear(3, 4)", "Linear(E, metric)", vary="E", metric=4)
    assert caught.value.hint == (
        'For example, metric="flops". For a size called metric, use sizes={"metric": 4}.'
    )


def test_an_argument_of_forward_may_be_called_module():
    class Net(torch.nn.Module):
        def forward(self, module):
            return module @ module

    assert convcost.profile(Net(), module=torch.zeros(2, 2)).macs == 8


def test_a_report_with_other_sizes_is_the_same_for_both_ways():
    assert replace(convcost.cost(RELU, E=3)) == convcost.cost(RELU, sizes={"E": 3})
