"""Tests that an older torch can't run, by the features they need."""

from __future__ import annotations

import inspect
from importlib import import_module
from importlib.util import find_spec

HAS_TORCH = find_spec("torch") is not None

NO_SUCH_LAYER_ARGUMENT = "torch.nn.BatchNorm1d(bias)"
RECENT = "torch.Tag.reduction"
OPERATORS_ON_FUNCTIONS = "torch._higher_order_ops.local_map_hop"
ARCHIVES = "torch.export.pt2_archive"
MESHES = "torch._C._distributed_c10d.FakeWork"

NEEDS: tuple[tuple[str, str], ...] = (
    ("tracing/test_attention_kernels.py", "torch.nn.attention.varlen"),
    ("tracing/test_grouped_products.py", "torch.nn.functional.grouped_mm"),
    ("test_experts_cost_each_token_one_expert_in_any_dtype", "torch.nn.functional.grouped_mm"),
    ("test_groups_of_other_sizes_are_refused_as_torch_does", "torch.nn.functional.grouped_mm"),
    ("test_a_loss_of_logits_in_chunks_is_not_partial", "torch.nn.functional.linear_cross_entropy"),
    ("test_higher_order.py::test_a_loop_that_stacks_its_trips", OPERATORS_ON_FUNCTIONS),
    ("test_higher_order.py::test_a_loop_runs_as_often_as_its_values_say[integer]", OPERATORS_ON_FUNCTIONS),
    ("test_higher_order.py::test_a_scan_costs_what_its_steps_cost", OPERATORS_ON_FUNCTIONS),
    ("test_higher_order.py::test_a_map_costs_what_its_slices_cost", OPERATORS_ON_FUNCTIONS),
    ("test_higher_order.py::test_an_associative_scan_counts", OPERATORS_ON_FUNCTIONS),
    ("test_higher_order.py::test_a_wrapper_costs_what_it_wraps", OPERATORS_ON_FUNCTIONS),
    ("test_higher_order.py::test_a_checkpointed_graph_is_computed_again", OPERATORS_ON_FUNCTIONS),
    ("test_higher_order.py::test_operators_one_after_the_other_are_counted", OPERATORS_ON_FUNCTIONS),
    ("test_higher_order.py::test_nothing_is_compiled_and_nothing_is_said", OPERATORS_ON_FUNCTIONS),
    ("test_higher_order.py::test_torch_compiles_again_afterwards", OPERATORS_ON_FUNCTIONS),
    *((f"{name}[{layer}", NO_SUCH_LAYER_ARGUMENT) for layer in (
        "BatchNorm", "GroupNorm", "InstanceNorm",
    ) for name in (
        "test_a_layer_as_a_module_costs_what_its_formula_says",
        "test_the_backward_of_a_layer_costs_what_a_trace_of_its_module_says",
        "test_convcost_refuses_what_torch_refuses_and_nothing_else",
        "test_shapes_parameters_and_macs_are_those_of_the_torch_module",
        "test_a_layer_keeps_what_autograd_saves",
        "test_every_layer_has_code",
        "test_the_fields_are_the_arguments_of_torch",
        "test_a_layer_holds_what_torch_holds_at_once",
        "test_a_layer_with_steps_inside_keeps_what_torch_keeps_and_holds_more_for_a_moment",
    )),
    ("test_a_cost_without_a_formula_is_named", RECENT),  # FFTs on fake tensors
    ("test_the_smaller_of_two_sizes_is_a_size_of_its_own", RECENT),  # older torch asks which one it is
    ("test_a_rounded_number_of_a_size_needs_its_number", "torch.SymFloat.__int__"),
    ("[EmbeddingBag]", RECENT),  # older torch infers another shape with include_last_offset
    *((f"refuses_and_nothing_else[{layer}", RECENT) for layer in (
        "CosineSimilarity", "FractionalMaxPool3d", "NLLLoss",
    )),
    ("test_a_refusal_says_what_is_not_so[BatchNorm2d(3, eps=-1.0)", RECENT),  # older torch takes any eps
    ("test_a_loop_of_unknown_length_makes_the_count_partial", OPERATORS_ON_FUNCTIONS),
    ("test_every_kind_agrees_with_torch_and_every_counter_but_for_known", RECENT),  # as its EmbeddingBag
    ("test_a_layer_holds_what_torch_holds_at_once[Embedding]", RECENT),  # older torch says less of Embedding
    ("gradients_are_asked_for_is_counted_or_named[tensor subclass]", RECENT),  # no detach in a test's mode
    ("cli/test_mesh_option.py", MESHES),
    ("tracing/sources/test_exported.py", ARCHIVES),
    ("tracing/test_fully_sharded.py", MESHES),
    ("tracing/test_tensor_parallel.py", MESHES),
    ("tracing/test_distributed_isolation.py", MESHES),
    ("test_ranks_of_a_mesh_send_all_to_all_as_gpus_do", RECENT),  # older DTensor keeps shards
    ("test_embeddings_and_outputs_that_are_gathered", RECENT),  # older DTensor can't reduce masked parts
    ("test_numbers_in_the_formulas_are_what_is_counted_on_numbers", MESHES),  # older torch asks more of sizes
    ("open_sizes_alone_load_sympy[profile", MESHES),  # older torch loads SymPy for any fake tensor
    ("test_the_first_profile_of_a_process_changes_no_setting", MESHES),  # SymPy adds a filter of warnings
    ("[lanczos", "torch.ops.aten._upsample_lanczos2d_aa"),
)  # fmt: skip
"""Parts of tests' names, and the feature that they need: an attribute of torch, or one with a parameter."""


def reason_to_skip(name: str) -> str:
    """Why this torch can't run a test; empty if it can."""
    needed = (path for part, path in NEEDS if part in name and HAS_TORCH)
    return next((f"needs a torch with {path}" for path in needed if not is_there(path)), "")


def is_there(path: str) -> bool:
    """Whether torch has a feature."""
    path, _, parameter = path.rstrip(")").partition("(")
    owner, name = path.rpartition(".")[::2]
    try:
        found = getattr(import_owner(owner), name, None) or import_module(path)
    except (ImportError, AttributeError):
        return False
    return not parameter or parameter in inspect.signature(found).parameters


def import_owner(path: str) -> object:
    """The module or class with that name."""
    try:
        return import_module(path)
    except ImportError:
        owner, _, name = path.rpartition(".")
        return getattr(import_owner(owner), name)
