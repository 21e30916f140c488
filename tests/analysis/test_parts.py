"""Parts of a design: their quantities are those of the part alone, in a report of its own."""

import pytest
import torch
from torch import nn

import convcost
from convcost.analysis.breakdown import ITSELF, fold_repeated, module_tree, operator_totals
from convcost.analysis.parts import layer_part, module_part, operator_part
from convcost.core.metrics import NAMES

SPEC = "[2, 3, 9] -> Conv1d(3, 4, 3, padding=1) -> GELU -> 2 x Conv1d(4, 4, 3) -> Flatten -> Linear(20, 7)"


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(8, 32), nn.Linear(32, 8)

    def forward(self, x, *, skip):
        return skip + self.second(torch.relu(self.first(x)))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(10, 8)
        self.blocks = nn.ModuleList([Block(), Block()])
        self.head = nn.Linear(8, 2, dtype=torch.float64)

    def forward(self, ids):
        x = self.embedding(ids)
        for block in self.blocks:
            x = block(x, skip=x)
        return self.head(x.double()) + self.head(x.double())


def test_a_layer_has_every_quantity_of_a_design_of_itself_alone():
    report = convcost.cost(SPEC)
    for row in report.rows:
        alone = convcost.cost(f"[{', '.join(map(str, row.input))}] -> {row.layer}")
        part = layer_part([row], report)
        assert {name: part.quantity(name) for name in NAMES} == {
            name: getattr(alone, name) for name in NAMES
        }, row.path


def nodes(report):
    return {node.module.path: node for node in module_tree(report).walk()}


def test_a_submodule_has_every_quantity_of_a_run_of_itself_alone():
    net, ids = Net(), torch.zeros(2, 5, dtype=torch.int64)
    report = convcost.profile(net, ids)
    x = torch.zeros(2, 5, 8)
    alone = {
        "embedding": convcost.profile(net.embedding, ids),
        "blocks.0": convcost.profile(net.blocks[0], x, skip=x),
        "blocks.1.second": convcost.profile(net.blocks[1].second, torch.zeros(2, 5, 32)),
    }
    for path, found in alone.items():
        part = module_part(nodes(report)[path], report.convention)
        assert {name: part.quantity(name) for name in NAMES} == {
            name: getattr(found, name) for name in NAMES
        }, path


def test_bytes_are_of_all_inputs_and_outputs_in_their_own_dtypes_at_each_call():
    report = convcost.profile(Net(), torch.zeros(2, 5, dtype=torch.int64))
    found = {path: module_part(node, report.convention) for path, node in nodes(report).items()}
    assert found["embedding"].bytes == 10 * 8 + 80 * 4 + 80 * 4
    assert found["blocks.0"].bytes == 3 * 80 * 4 + (8 * 32 * 2 + 40) * 4
    assert (found["head"].bytes, found["head"].calls) == (2 * (80 + 20) * 8 + 18 * 8, 2)


def test_parts_of_one_cost_are_added_up():
    report = convcost.profile(Net(), torch.zeros(2, 5, dtype=torch.int64))
    [first, _] = (module_part(nodes(report)[f"blocks.{place}"], report.convention) for place in range(2))
    folded = next(node for node in fold_repeated(module_tree(report)).children if node.copies == 2)
    both = module_part(folded, report.convention)
    for name in ("params", "macs", "flops", "bytes", "output_elements", "activations"):
        assert both.quantity(name) == 2 * first.quantity(name), name
    for name in ("arithmetic_intensity", "flops_per_output_element"):
        assert both.quantity(name) == first.quantity(name), name
    assert (both.calls, both.output) == (2, (2, 5, 8))


def test_bytes_of_open_sizes_are_formulas():
    from convcost.tracing.declared_inputs import parse_inputs
    from convcost.tracing.symbolic_shapes.profile import profile_open

    inputs = parse_inputs(["f32[B, 8]"]).typed(torch.float32)
    report = profile_open(nn.Sequential(nn.Linear(8, 2)), inputs.args, {}, {}, None)
    part = module_part(nodes(report)["0"], report.convention)
    [size] = part.bytes.free_symbols
    assert part.bytes == 4 * (8 * size + 2 * size + 18)
    assert report.subs(B=3).trace.modules[1].bytes.total == 4 * 30


@pytest.mark.parametrize("name", ["params", "trainable_params", "bytes", "output_elements"])
def test_an_operator_has_no_parameters_and_no_bytes(name):
    report = convcost.profile(Net(), torch.zeros(2, 5, dtype=torch.int64))
    part = operator_part(operator_totals(report.trace)[0], report.convention)
    assert part.quantity(name) is None


def test_a_module_apart_from_what_is_in_it_has_no_bytes():
    report = convcost.profile(Net(), torch.zeros(2, 5, dtype=torch.int64))
    node = nodes(report)["blocks.0"]
    itself = type(node)(node.module, ITSELF, node.own)
    assert module_part(itself, report.convention).bytes is None


def test_layers_in_branches_read_what_comes_in_and_further_inputs_once():
    report = convcost.cost("[2, 3] -> ReLU -> concat([2, 5] -> Linear(5, 3), x + GELU, dim=1)")
    part = layer_part(report.rows[1:], report)
    assert (part.input, part.output) == ((2, 3), (2, 6))
    assert part.bytes == 4 * (2 * 3 + 2 * 5 + 18 + 2 * 6)


def test_a_layer_that_reads_a_tensor_twice_reads_it_once():
    report = convcost.cost("[2, 3] -> x * x")
    assert layer_part(report.rows, report).bytes == 4 * (6 + 6)
