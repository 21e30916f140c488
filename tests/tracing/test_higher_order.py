"""torch's operators on functions: what their functions run is counted, or named, and nothing is compiled."""

import subprocess
import sys
from functools import partial

import pytest
import torch
import torch._higher_order_ops as hop
import torch.nn.functional as F
from torch import nn
from torch.nn.attention.flex_attention import create_block_mask, flex_attention
from torch.utils.flop_counter import FlopCounterMode
from tracing.models import Calls
from tracing.open_profiles import check

from convcost.core.cost import Cost
from convcost.core.trace import CondCall
from convcost.tracing.declared_inputs import DeclaredTensor
from convcost.tracing.profile import Profiler, profile
from convcost.tracing.torch_versions import OPERATOR_COMPILER

X = torch.randn(2, 8)
LINEAR = 2 * 8 * 8
"""The MACs of a linear layer on X."""

linear = partial(nn.Linear, 8, 8, bias=False)
cost = Cost(LINEAR, LINEAR)


def traced(model, *inputs, backward=False):
    report = Profiler(backward=backward).profile(model, *inputs)
    return report.trace


def backward_macs(model, *inputs):
    trace = traced(model, *inputs, backward=True)
    return trace.total("gradient by input").macs, trace.total("gradient by weight").macs


def as_eager(model, eager, *inputs):
    """`model` costs what plain Python costs, with gradients and without, in training and evaluation."""
    for training in (True, False):
        for backward in (True, False):
            profiler = Profiler(backward=backward)
            found, expected = (
                profiler.profile(each.train(training), *inputs).trace for each in (model, eager)
            )
            for phase in ("forward", "gradient by input", "gradient by weight"):
                assert found.total(phase).macs == expected.total(phase).macs
            assert found.uncounted == ()


def branching(predicate):
    def forward(module, x):
        return torch.cond(predicate(x), module.short, module.long, (x,))

    long = nn.Sequential(linear(), linear())
    return Calls(forward, short=linear(), long=long)


def test_a_cond_that_values_decide_counts_the_costlier_branch_and_shows_both():
    report = profile(branching(lambda x: x.sum() > 0), X)
    assert report.macs == 2 * LINEAR
    assert report.trace.conditionals == (CondCall("", ((2, 8),), cost, cost + cost, counted=False),)
    assert not report.trace.is_partial


def test_a_cond_on_a_known_value_counts_the_branch_that_runs():
    report = profile(branching(lambda _: torch.tensor(3) > 2), X)
    assert report.macs == LINEAR
    assert report.trace.conditionals == (CondCall("", ((2, 8),), cost, None, counted=True),)


def test_a_cond_that_runs_on_data_counts_the_branch_that_runs():
    def forward(module, x):
        scale = float(x.sum())
        return torch.cond(x.sum() > 0, module.short, module.long, (x * scale,))

    model = Calls(forward, short=linear(), long=nn.Sequential(linear(), linear()))
    for value, macs in ((1.0, LINEAR), (-1.0, 2 * LINEAR)):
        report = profile(model, torch.full((2, 8), value))
        assert (report.trace.ran, report.macs) == ("data", macs)


def test_the_branch_that_is_not_counted_leaves_no_call_of_a_submodule():
    modules = {module.path: module.calls for module in traced(branching(lambda x: x.sum() > 0), X).modules}
    assert modules == {"": 1, "long": 1, "long.0": 1, "long.1": 1}


def test_parameters_of_either_branch_are_used():
    assert traced(branching(lambda x: x.sum() > 0), X).unused == ()


def test_the_backward_of_a_cond_goes_through_the_branch_that_is_counted():
    assert backward_macs(branching(lambda x: x.sum() > 0), X) == (LINEAR, 2 * LINEAR)


def test_a_cond_in_a_cond_is_counted_by_the_costliest_way():
    def inner(module, x):
        return torch.cond(x.mean() > 1, module.a, lambda y: module.a(module.a(y)), (x,))

    def forward(module, x):
        return torch.cond(x.sum() > 0, partial(inner, module), module.a, (x,))

    trace = traced(Calls(forward, a=linear()), X)
    assert [(found.true.macs, found.false.macs) for found in trace.conditionals] == [
        (LINEAR, 2 * LINEAR),
        (2 * LINEAR, LINEAR),
    ]


def test_calls_of_a_cond_in_a_submodule_are_added_up():
    model = nn.Sequential(block := branching(lambda x: x.sum() > 0), block)
    (found,) = traced(model, X).conditionals
    assert (found.path, found.calls) == ("0", 2)


def test_operands_of_a_cond_may_be_nested():
    def forward(module, x):
        return torch.cond(x.sum() > 0, lambda d: module.a(d["x"]), lambda d: d["x"] + 1, ({"x": x},))

    assert profile(Calls(forward, a=linear()), X).macs == LINEAR


def test_a_cond_has_a_formula_where_sizes_are_open():
    check(branching(lambda x: x.sum() > 0), (DeclaredTensor("float32", ("B", 8)),), {"B": 3}, {"B": 5})


def looping(condition, start):
    def forward(module, x):
        return hop.while_loop(condition, lambda i, h: (i + 1, module.a(h)), (start(x), x))[1]

    return Calls(forward, a=linear())


STARTS = {"tensor": lambda _: torch.zeros((), dtype=torch.int64), "integer": lambda _: 0}


@pytest.mark.parametrize("kind", STARTS)
def test_a_loop_runs_as_often_as_its_values_say(kind):
    model = looping(lambda i, _: i < 5, STARTS[kind])
    trace = traced(model, X)
    assert (trace.total("forward").macs, trace.uncounted) == (5 * LINEAR, ())
    assert backward_macs(model, X) == (4 * LINEAR, 5 * LINEAR)


def test_a_loop_without_a_trip_costs_nothing():
    assert profile(looping(lambda i, _: i < 0, STARTS["tensor"]), X).macs == 0


def test_a_loop_of_unknown_length_counts_one_trip_and_says_so():
    model = looping(lambda _, h: h.norm() > 1e-3, STARTS["tensor"])
    report = profile(model, X)
    (found,) = report.trace.uncounted
    assert (report.macs, found.operator, found.inputs) == (LINEAR, "higher_order::while_loop", ((), (2, 8)))
    assert found.reason == "one trip is counted, since the number of trips depends on data"
    assert "one trip is counted" in " ".join(str(report).split())


def test_nested_state_of_a_loop_is_carried():
    def forward(module, x):
        def body(state):
            return ({"i": state["i"] + 1, "h": module.a(state["h"])},)

        state = {"i": torch.zeros((), dtype=torch.int64), "h": x}
        return hop.while_loop(lambda state: state["i"] < 3, body, (state,))[0]["h"]

    assert profile(Calls(forward, a=linear()), X).macs == 3 * LINEAR


def test_a_loop_that_stacks_its_trips_costs_what_runs_in_it():
    def forward(module, x):
        start = torch.zeros((), dtype=torch.int64), x
        return hop.while_loop_stack_output(lambda i, _: i < 4, lambda i, h: (i + 1, module.a(h)), start, ())[
            1
        ]

    report = profile(Calls(forward, a=linear()), X)
    assert (report.macs, report.output) == (4 * LINEAR, (4, 2, 8))


@pytest.mark.parametrize("reverse", [False, True])
def test_a_scan_costs_what_its_steps_cost(reverse):
    def step(module, carry, x):
        found = module.a(carry) + x
        return found, found.clone()

    def scanned(module, x):
        return hop.scan(partial(step, module), torch.zeros(3, 8), x, dim=1, reverse=reverse)[1]

    def eager(module, x):
        carry, found = torch.zeros(3, 8), []
        for part in x.unbind(1):
            carry, y = step(module, carry, part)
            found.append(y)
        return torch.stack(found, 1)

    held, x = {"a": linear()}, torch.randn(3, 6, 8)
    as_eager(Calls(scanned, **held), Calls(eager, **held), x)
    assert profile(Calls(scanned, **held), x).macs == 6 * 3 * 64


def test_a_map_costs_what_its_slices_cost():
    held, x = {"a": linear()}, torch.randn(6, 2, 8)
    mapped = Calls(lambda module, x: hop.map(module.a, x), **held)
    eager = Calls(lambda module, x: torch.stack([module.a(part) for part in x]), **held)
    as_eager(mapped, eager, x)
    assert profile(mapped, x).macs == 6 * LINEAR


def test_an_associative_scan_counts_the_products_of_its_tree():
    """Of 8 elements: 4 + 2 + 1 on the way up, 1 + 3 on the way down, each 4³ MACs."""
    model = Calls(lambda _, x: hop.associative_scan(lambda a, b: a @ b, x, dim=0, combine_mode="generic"))
    x = torch.randn(8, 4, 4)
    with FlopCounterMode(display=False) as counter:
        model(x)
    assert profile(model, x).macs == counter.get_total_flops() // 2 == 11 * 64


QKV = torch.randn(1, 2, 16, 8)
PRODUCTS = 2 * 16 * 16 * (8 + 8)


def attending(**options):
    return Calls(lambda _, x: flex_attention(x, x, x, **options))


def causal(batch, head, query, key):
    return query >= key


@pytest.mark.parametrize("needs_gradient", [False, True])
def test_flex_attention_costs_what_other_attention_costs(needs_gradient):
    x = QKV.clone().requires_grad_(needs_gradient)
    as_eager(attending(), Calls(lambda _, x: F.scaled_dot_product_attention(x, x, x)), x)
    assert profile(attending(), x).macs == PRODUCTS


def test_flex_attention_is_one_operator():
    (found,) = traced(attending(), QKV).operations
    assert (found.operator, found.inputs) == ("higher_order::flex_attention", ((1, 2, 16, 8),) * 3)


def test_pairs_that_a_block_mask_with_data_lets_through_are_valid():
    mask = create_block_mask(causal, None, None, 16, 16, device="cpu", BLOCK_SIZE=4)
    report = profile(attending(block_mask=mask), QKV)
    assert (report.macs, report.valid_macs) == (PRODUCTS, 2 * (16 * 17 // 2) * 16)


def test_pairs_behind_the_ends_of_a_block_are_not_valid():
    mask = create_block_mask(causal, None, None, 14, 14, device="cpu", BLOCK_SIZE=4)
    report = profile(attending(block_mask=mask), QKV[:, :, :14])
    assert report.valid_macs == 2 * (14 * 15 // 2) * 16


def test_a_mask_by_documents_is_asked_about_each_pair():
    documents = torch.tensor([0] * 6 + [1] * 10)

    def same(batch, head, query, key):
        return documents[query] == documents[key]

    mask = create_block_mask(same, None, None, 16, 16, device="cpu", BLOCK_SIZE=4)
    assert profile(attending(block_mask=mask), QKV).valid_macs == 2 * (6 * 6 + 10 * 10) * 16


def test_all_pairs_are_valid_where_a_block_mask_has_no_data():
    def forward(_, x):
        mask = create_block_mask(causal, None, None, 16, 16, device="meta", BLOCK_SIZE=4)
        return flex_attention(x, x, x, block_mask=mask)

    report = profile(Calls(forward), QKV)
    assert (report.trace.ran, report.macs, report.valid_macs) == ("shapes", PRODUCTS, PRODUCTS)


def test_what_is_done_to_each_score_is_counted_apart():
    plain, doubled = (profile(attending(score_mod=mod), QKV) for mod in (None, lambda score, *_: score * 2))
    assert doubled.cost.elementwise - plain.cost.elementwise == 2 * 16 * 16
    assert doubled.macs == plain.macs


def test_a_bias_in_scores_is_used_and_nothing_is_missed_in_its_backward():
    def forward(module, x):
        def biased(score, batch, head, query, key):
            return score + module.bias[query - key + 15]

        return flex_attention(x, x, x, score_mod=biased)

    trace = traced(Calls(forward, bias=nn.Parameter(torch.zeros(31))), QKV, backward=True)
    assert (trace.unused, trace.uncounted) == ((), ())


def test_grouped_queries_share_keys_and_cost_the_same():
    model = Calls(lambda _, x: flex_attention(x, x[:, :1], x[:, :1], enable_gqa=True))
    assert profile(model, QKV).macs == PRODUCTS


def graph(function, *inputs):
    return torch.fx.experimental.proxy_tensor.make_fx(function)(*inputs)


def weighted(x, weight):
    return (torch.mm(x, weight),)


GRAPH = graph(weighted, X, torch.randn(8, 8))

WRAPPERS = {
    "strict_mode": lambda m, x: hop.strict_mode(lambda y: y @ m.w, (x,)),
    "hints_wrapper": lambda m, x: hop.hints_wrapper(lambda y: y @ m.w, (x,), {}, hints={"fast": True}),
    "wrap": lambda m, x: hop.wrap.wrap(lambda y: y @ m.w, x),
    "wrap_with_set_grad_enabled": lambda m, x: hop.wrap_with_set_grad_enabled(True, lambda y: y @ m.w, x),
    "wrap_with_autocast": lambda m, x: hop.wrap_with_autocast(
        "cpu", torch.bfloat16, False, None, lambda y: y @ m.w, x
    ),
    "dynamo_bypassing_wrapper": lambda m, x: hop.dynamo_bypassing_wrapper(lambda f: f, lambda y: y @ m.w, x),
    "wrap_activation_checkpoint": lambda m, x: hop.wrap_activation_checkpoint(GRAPH, x, m.w),
    "tag_activation_checkpoint": lambda m, x: hop.tag_activation_checkpoint(GRAPH, x, m.w),
    "invoke_subgraph": lambda m, x: hop.invoke_subgraph(GRAPH, "name", x, m.w),
    "nested_compile_region": lambda m, x: torch.compiler.nested_compile_region(lambda y: y @ m.w)(x),
    "run_const_graph": lambda m, x: hop.run_const_graph(GRAPH, (x, m.w)),
    "out_dtype": lambda m, x: hop.out_dtype(torch.ops.aten.mm.default, torch.float32, x, m.w),
    "with_effects": lambda m, x: hop.with_effects(torch.tensor([]), torch.ops.aten.mm.default, x, m.w),
    "invoke_quant": lambda m, x: hop.invoke_quant(GRAPH, x, m.w, scheme="nf4"),
    "local_map": lambda m, x: hop.local_map_hop(GRAPH, x, m.w),
    "foreach_map": lambda m, x: hop.foreach_map(torch.mm, [x], [m.w]),
}


@pytest.mark.parametrize("name", WRAPPERS)
def test_a_wrapper_costs_what_it_wraps(name):
    model = Calls(WRAPPERS[name], w=nn.Parameter(torch.randn(8, 8)))
    trace = traced(model, X)
    assert (trace.total("forward").macs, trace.uncounted) == (LINEAR, ())
    assert sum(backward_macs(model, X)) == LINEAR


def test_a_checkpointed_graph_is_computed_again():
    model = Calls(WRAPPERS["tag_activation_checkpoint"], w=nn.Parameter(torch.randn(8, 8)))
    assert traced(model, X, backward=True).total("recomputation").macs == LINEAR


def test_a_triton_kernel_is_named_and_takes_a_formula_of_ones_own():
    from torch._higher_order_ops.triton_kernel_wrap import triton_kernel_wrapper_mutation as kernel

    def forward(_, x):
        options = {"kernel_idx": 0, "constant_args_idx": 0, "grid": [(1, 1, 1)]}
        kernel(**options, tma_descriptor_metadata={}, kwargs={"x": x})
        return x

    name, meta = "higher_order::triton_kernel_wrapper_mutation", X.to("meta")
    (found,) = traced(Calls(forward), meta).uncounted
    assert (found.operator, found.inputs) == (name, ((2, 8),))
    formulas = {name: lambda kwargs, **_: Cost(macs=kwargs["x"].numel())}
    report = Profiler(formulas=formulas).profile(Calls(forward), meta)
    assert (report.macs, report.trace.uncounted) == (16, ())


def test_a_mapped_cond_computes_both_branches():
    def forward(module, x):
        return torch.vmap(lambda y: torch.cond(y.sum() > 0, module.a, module.b, (y,)))(x)

    assert profile(Calls(forward, a=linear(), b=linear()), X).macs == 2 * LINEAR


class Everything(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = linear(), linear()

    def forward(self, x):
        x = torch.cond(x.sum() > 0, self.a, lambda h: self.b(self.b(h)), (x,))
        _, x = hop.scan(lambda carry, y: 2 * (self.a(carry) + y,), torch.zeros(8), x)
        start = torch.zeros((), dtype=torch.int64), x
        x = hop.while_loop(lambda i, _: i < 3, lambda i, h: (i + 1, self.a(h)), start)[1]
        return hop.map(self.a, x)


EVERYTHING = (2 + 1 + 3 + 1) * LINEAR


def test_operators_one_after_the_other_are_counted_compiled_or_not():
    model = Everything()
    for each in (model, torch.compile(model, backend="eager")):
        assert profile(each, X).macs == EVERYTHING


WATCHED = """
import torch
from torch import nn
from torch._higher_order_ops import scan, while_loop
from convcost.tracing.profile import profile

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(8, 8, bias=False)

    def forward(self, x):
        x = torch.compile(lambda h: self.a(h))(x)
        x = torch.cond(x.sum() > 0, lambda h: self.a(h), lambda h: h + 1, (x,))
        return while_loop(lambda i, h: i < 5, lambda i, h: (i + 1, self.a(h)), (0, x))[1]

print(profile(Net(), torch.randn(2, 8)).macs)
"""


def test_nothing_is_compiled_and_nothing_is_said_on_stderr():
    ran = subprocess.run([sys.executable, "-c", WATCHED], capture_output=True, text=True, check=True)
    assert (ran.stdout, ran.stderr) == (f"{7 * LINEAR}\n", "")


def test_torch_compiles_again_afterwards():
    compilers = lambda: (torch.compile, getattr(torch._higher_order_ops.utils, OPERATOR_COMPILER, None))  # noqa: E731
    before = compilers()
    profile(branching(lambda x: x.sum() > 0), X)
    assert before == compilers()
