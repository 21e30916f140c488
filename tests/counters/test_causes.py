"""Why a figure differs: from a trace and a counter's entries, without any counter run."""

from hypothesis import given
from hypothesis import strategies as st

from convcost.core.cost import Cost
from convcost.core.diagnosis import Cause, CauseKind
from convcost.core.trace import Operation, SubmoduleRun, Trace
from convcost.counters import COUNTERS
from convcost.counters.causes import find_causes
from convcost.counters.interface import CounterEntry, CounterReading, MissedOperator

FLOPS, MACS = COUNTERS["flop_counter_mode"], COUNTERS["fvcore"]


class Hooks:
    """A counter of modules."""

    name, title, package, unit, hook_level = "hooks", "hooks", "hooks", "MACs", "modules"


class Functions:
    """A counter of functions that it patches."""

    name, title, package, unit, hook_level = "functions", "functions", "functions", "MACs", "functions"


def operation(path, operator, macs, calls=1, bias=0, elementwise=0, inputs=((4, 8), (6, 8)), output=(4, 6)):
    cost = Cost(macs * calls, macs * calls, bias * calls, elementwise * calls)
    return Operation(path, operator, inputs, output, cost, macs, calls)


LINEAR = operation("fc", "aten::linear", 192, bias=24)
LSTM = operation("rnn", "aten::lstm", 1000, bias=80, elementwise=300)
RELU = operation("act", "aten::relu", 0, elementwise=24)
KINDS = {"": "Net", "fc": "Linear", "rnn": "LSTM", "act": "ReLU", "table": "Embedding"}


def trace(*operations, kinds=KINDS):
    modules = tuple(SubmoduleRun(path, kind, None, None, 1) for path, kind in kinds.items())
    return Trace((), (), operations, (), modules)


def found(counter, operations, counted=(), missed=(), total=None, places=None):
    total = sum(entry.total for entry in counted) if total is None else total
    reading = CounterReading(total, tuple(counted), tuple(missed))
    return find_causes(trace(*operations), counter, reading, places or {})


def test_an_exact_figure_has_no_cause():
    assert found(MACS, [LINEAR, RELU], [CounterEntry("fc", "linear", 192)]) == ()


def test_a_counter_of_flops_is_compared_with_twice_the_macs():
    assert found(FLOPS, [LINEAR], [CounterEntry("fc", "aten::addmm", 384)]) == ()


def test_bias_adds_are_told_by_their_amount():
    assert found(Hooks, [LINEAR], [CounterEntry("fc", "Linear", 216)]) == (
        Cause(CauseKind.BIAS_ADDS, "Linear", 48, 1, ("fc",)),
    )


def test_a_counter_of_flops_takes_a_bias_add_for_one():
    assert found(FLOPS, [LINEAR], [CounterEntry("fc", "aten::addmm", 384 + 24)]) == (
        Cause(CauseKind.BIAS_ADDS, "Linear", 24, 1, ("fc",)),
    )


def test_shares_that_a_counter_is_known_to_count_stand_apart():
    shares = (("bias adds", 80), ("elementwise", 500))
    assert found(Hooks, [LSTM], [CounterEntry("rnn", "LSTM", 1580, shares)]) == (
        Cause(CauseKind.ELEMENTWISE, "LSTM", 1000, 1, ("rnn",)),
        Cause(CauseKind.BIAS_ADDS, "LSTM", 160, 1, ("rnn",)),
    )


def test_work_that_is_no_product_is_elementwise_whatever_the_counters_rule_for_it():
    counted = [
        CounterEntry("fc", "Linear", 192),
        CounterEntry("act", "ReLU", 999),
        CounterEntry("", "aten::add", 7),
    ]
    assert found(Hooks, [LINEAR, RELU], counted) == (
        Cause(CauseKind.ELEMENTWISE, "ReLU", 1998, 1, ("act",)),
        Cause(CauseKind.ELEMENTWISE, "aten::add", 14, 1, ("",)),
    )


def test_a_lookup_that_counts_is_said_to_compute_nothing():
    assert found(Hooks, [], [CounterEntry("table", "Embedding", 64)]) == (
        Cause("free", "Embedding", 128, 1, ("table",)),
    )


def test_an_operator_without_formula_is_named_as_the_counter_met_it():
    missed = [MissedOperator("rnn", "aten::mkldnn_rnn_layer")]
    assert found(FLOPS, [LSTM], missed=missed) == (
        Cause("formula", "aten::mkldnn_rnn_layer", -2000, 1, ("rnn",)),
    )


def test_of_several_missed_operators_the_one_alike_is_named():
    attention = operation("fc", "aten::scaled_dot_product_attention", 50)
    missed = [
        MissedOperator("fc", "aten::mv"),
        MissedOperator("fc", "aten::_scaled_dot_product_flash_attention_for_cpu"),
    ]
    assert found(FLOPS, [attention, LINEAR], [CounterEntry("fc", "aten::addmm", 384)], missed) == (
        Cause(CauseKind.ATTENTION, "aten::_scaled_dot_product_flash_attention_for_cpu", -100, 1, ("fc",)),
    )


def test_an_operator_that_torch_takes_for_a_whole_module_explains_what_is_inside():
    inside = operation("block.linear1", "aten::linear", 192, bias=24)
    missed = [MissedOperator("block", "aten::_transformer_encoder_layer_fwd")]
    assert found(FLOPS, [inside], missed=missed) == (
        Cause("formula", "aten::_transformer_encoder_layer_fwd", -384, 1, ("block.linear1",)),
    )


def test_a_function_that_hooks_do_not_see_is_named():
    assert found(Hooks, [operation("", "aten::linear", 192)]) == (
        Cause("function", "aten::linear", -384, 1, ("",)),
    )


def test_a_module_that_a_counter_has_no_rule_for_is_named():
    assert found(Functions, [LSTM]) == (Cause("rule", "LSTM", -2000, 1, ("rnn",)),)


def test_missed_attention_is_called_that():
    attention = operation("", "aten::scaled_dot_product_attention", 50)
    assert found(Functions, [attention]) == (
        Cause(CauseKind.ATTENTION, "aten::scaled_dot_product_attention", -100, 1, ("",)),
    )


def test_calls_that_are_counted_once_are_told_from_calls_that_are_missed():
    thrice = operation("fc", "aten::linear", 192, calls=3)
    assert found(Hooks, [thrice], [CounterEntry("fc", "Linear", 192)]) == (
        Cause("repeated", "Linear", -768, 2, ("fc",)),
    )


def test_an_operation_that_is_counted_as_its_parts_agrees():
    parts = [CounterEntry("rnn", "aten::addmm", 300, calls=2), CounterEntry("rnn", "aten::mm", 400)]
    assert found(MACS, [LSTM], parts) == ()


def test_parts_with_bias_adds_are_put_down_to_those():
    parts = [CounterEntry("rnn", "aten::addmm", 340, calls=2), CounterEntry("rnn", "aten::mm", 400)]
    assert found(MACS, [LSTM], parts) == (Cause(CauseKind.BIAS_ADDS, "LSTM", 160, 1, ("rnn",)),)


def test_work_that_a_counter_puts_into_the_module_around_is_found_there():
    inside = [operation("block.a", "aten::linear", 100), operation("block.b", "aten::linear", 50)]
    around = [CounterEntry("block", "aten::addmm", 70), CounterEntry("block", "aten::mm", 80)]
    assert found(MACS, inside, around) == ()


def test_a_part_of_what_is_inside_that_is_missed_is_told():
    inside = [operation("block.a", "aten::linear", 100), operation("block.b", "aten::linear", 50)]
    assert found(MACS, inside, [CounterEntry("block", "aten::addmm", 100)]) == (
        Cause("unseen", "aten::linear", -100, 1, ("block.b",)),
    )


def test_a_module_with_two_names_that_is_added_twice_is_told():
    shared = operation("fc", "aten::linear", 192, calls=2)
    counted = [CounterEntry("fc", "Linear", 192, calls=2)]
    assert found(Hooks, [shared], counted, total=768, places={"fc": 2}) == (
        Cause("names", "Linear", 768, 2, ("fc",)),
    )


def test_what_nothing_explains_is_called_that_with_its_amount():
    assert found(Hooks, [LINEAR], [CounterEntry("fc", "Linear", 193)]) == (
        Cause(CauseKind.UNEXPLAINED, "", 2, 1, ("",)),
    )


def test_a_total_that_is_not_the_sum_of_its_entries_is_unexplained():
    assert found(Hooks, [LINEAR], [CounterEntry("fc", "Linear", 192)], total=200) == (
        Cause(CauseKind.UNEXPLAINED, "", 16, 1, ("",)),
    )


PATHS = st.sampled_from(["", "fc", "rnn", "block", "block.a", "block.b"])
OPERATORS = ("aten::linear", "aten::lstm", "aten::bmm", "aten::conv1d", "aten::relu", "aten::bilinear")
INPUTS = ((2, 3, 8), (4, 8, 3), (4, 8, 3))
OPERATIONS = st.builds(
    operation,
    PATHS,
    st.sampled_from(OPERATORS),
    st.integers(0, 60),
    st.integers(1, 3),
    st.integers(0, 5),
    st.integers(0, 5),
    st.just(INPUTS),
    st.just((2, 4, 8)),
)
ENTRIES = st.builds(
    CounterEntry,
    PATHS,
    st.sampled_from([*OPERATORS, "Linear", "LSTM", "ReLU", "aten::add", "conv"]),
    st.integers(-20, 80),
    st.lists(st.tuples(st.sampled_from(["bias adds", "elementwise", "again"]), st.integers(-9, 9))).map(
        tuple
    ),
    st.integers(1, 3),
)
MISSES = st.builds(MissedOperator, PATHS, st.sampled_from(["aten::mm", "aten::_native_multi_head_attention"]))


@given(
    st.sampled_from([FLOPS, MACS, Hooks, Functions]),
    st.lists(OPERATIONS, max_size=6),
    st.lists(ENTRIES, max_size=6),
    st.lists(MISSES, max_size=2),
    st.integers(-5, 5),
)
def test_causes_always_add_up_to_the_difference(counter, operations, counted, missed, astray):
    total = sum(entry.total for entry in counted) + astray
    reading = CounterReading(total, tuple(counted), tuple(missed))
    run = trace(*operations)
    factor = 2 if counter.unit == "MACs" else 1
    difference = factor * total - 2 * run.total("forward").macs
    assert sum(cause.flops for cause in find_causes(run, counter, reading, {})) == difference


@given(st.lists(OPERATIONS.filter(lambda each: each.operator != "aten::relu"), max_size=8))
def test_a_counter_that_counts_each_call_exactly_has_no_causes(operations):
    counted = tuple(
        CounterEntry(each.path, each.operator, 2 * each.cost.macs // each.calls, calls=each.calls)
        for each in operations
        if each.cost.macs
    )
    assert found(FLOPS, operations, counted) == ()
