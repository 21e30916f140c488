"""Tests that an older torch can't run, by the features they need."""

from __future__ import annotations

import inspect
import re
from importlib import import_module
from importlib.util import find_spec
from typing import NamedTuple

HAS_TORCH = find_spec("torch") is not None


class Need(NamedTuple):
    """A feature that tests need, and parts of the names of these tests.

    `feature` is an attribute of torch, one with a parameter, or a kernel ("aten::_scaled_mm on CPU"). Where
    none of these tells, it is "newer than 2.9", and `older` says what older versions do.
    """

    feature: str
    tests: tuple[str, ...]
    older: str = ""


NORMS_WITH_BIAS = tuple(
    f"{test}[{layer}"
    for layer in ("BatchNorm", "GroupNorm", "InstanceNorm")
    for test in (
        "test_a_layer_as_a_module_costs_what_its_formula_says",
        "test_the_backward_of_a_layer_costs_what_a_trace_of_its_module_says",
        "test_convcost_refuses_what_torch_refuses_and_nothing_else",
        "test_shapes_parameters_and_macs_are_those_of_the_torch_module",
        "test_a_layer_keeps_what_autograd_saves",
        "test_every_layer_has_code",
        "test_the_fields_are_the_arguments_of_torch",
        "test_a_layer_holds_what_torch_holds_at_once",
        "test_a_layer_with_steps_inside_keeps_what_torch_keeps_and_holds_more_for_a_moment",
    )
)

NEEDS = (
    Need("torch.nn.BatchNorm1d(bias)", NORMS_WITH_BIAS),
    Need("torch.nn.attention.varlen", ("tracing/test_attention_kernels.py",)),
    Need(
        "torch.nn.functional.grouped_mm",
        (
            "test_a_grouped_product_multiplies_each_row_by_the_matrix_of_its_group",
            "test_a_grouped_product_has_two_gradients",
            "test_experts_cost_each_token_one_expert_in_any_dtype",
            "test_groups_of_other_sizes_are_refused_as_torch_does",
            "test_a_token_uses_two_of_the_eight_experts_of_mixtral",
            *(
                f"test_a_model_of_few_layers_costs_what_flop_counter_mode_counts[{model}]"
                for model in ("qwen3-30b-a3b", "mixtral-8x7b", "gpt-oss-20b")
            ),
        ),
    ),
    Need(
        "torch.nn.functional.linear_cross_entropy",
        (
            "test_a_loss_of_logits_in_chunks_is_not_partial",
            "test_the_names_of_torch_s_layers_are_all_known",
        ),
    ),
    Need(
        "newer than 2.9",
        ("test_a_product_may_have_an_output_of_another_dtype",),
        "products on the CPU have no out_dtype",
    ),
    Need("aten::_scaled_mm on CPU", ("is_what_a_run_on_data_multiplies[float8]",)),
    Need("torch.ops.aten._upsample_lanczos2d_aa", ("[lanczos",)),
    Need("torch._higher_order_ops.while_loop_stack_output", ("test_a_loop_that_stacks_its_trips",)),
    Need("torch._higher_order_ops.local_map_hop", ("test_a_wrapper_costs_what_it_wraps[local_map]",)),
    Need(
        "torch._higher_order_ops.tag_activation_checkpoint",
        ("test_a_wrapper_costs_what_it_wraps", "test_nothing_is_compiled_and_nothing_is_said"),
    ),
    Need(
        "newer than 2.6",
        (
            "test_a_loop_runs_as_often_as_its_values_say[integer]",
            "test_a_scan_costs_what_its_steps_cost",
            "test_a_map_costs_what_its_slices_cost",
            "test_an_associative_scan_counts",
            "test_operators_one_after_the_other_are_counted",
            "is_what_a_run_on_data_multiplies[torch.cond]",
        ),
        "loops carry tensors alone, and operators on functions do not run under modes",
    ),
    Need(
        "newer than 2.6",
        ("test_an_exported_program_costs_what_its_module_costs[resnet]",),
        "the exporter to ONNX fails on batch norms",
    ),
    Need(
        "newer than 2.6",
        ("test_it_runs_on_data_where_that_is_needed",),
        "transformers makes its masks without reading data",
    ),
    Need(
        "newer than 2.6",
        ("test_the_default_device_of_the_user_matters_to_no_formula[meta]",),
        "fake tensors are refused where the default device is meta",
    ),
    Need(
        "newer than 2.9",
        ("test_ranks_of_a_mesh_send_all_to_all_as_gpus_do",),
        "DTensors can't be viewed where a merged dimension is sharded",
    ),
    Need(
        "newer than 2.9",
        ("test_a_wrapper_costs_what_it_wraps[with_effects]",),
        "effects have no token outside of a compiled graph",
    ),
    Need(
        "newer than 2.9",
        ("test_a_checkpointed_graph_is_computed_again",),
        "a checkpointed graph that is not compiled keeps all tensors",
    ),
    Need("torch.export.pt2_archive", ("tracing/sources/test_exported.py",)),
    Need(
        "torch._C._distributed_c10d.FakeWork",
        (
            "cli/test_mesh_option.py",
            "tracing/test_fully_sharded.py",
            "tracing/test_tensor_parallel.py",
            "tracing/test_distributed_isolation.py",
            "test_a_rank_has_its_share",
            "test_a_backward_is_that_of_the_rank",
            "test_what_is_wrong_with_a_mesh_is_said[given4",
        ),
    ),
    Need(
        "torch._C._autograd._top_saved_tensors_default_hooks",
        ("[torch/saved tensor hooks",),
    ),
    Need("torch.SymFloat.__int__", ("test_a_rounded_number_of_a_size_needs_its_number",)),
    Need(
        "newer than 2.9",
        ("test_the_smaller_of_two_sizes_is_a_size_of_its_own",),
        "a decomposition asks which size is smaller, and that becomes an assumption",
    ),
    Need(
        "newer than 2.9",
        ("test_numbers_in_the_formulas_are_what_is_counted_on_numbers",),
        "a pooling asks more about sizes, and that becomes an assumption",
    ),
    Need(
        "newer than 2.6",
        ("test_a_cost_without_a_formula_is_named", "test_models[net.py:Wave --input f32[B,8]]"),
        "fake tensors have no FFT",
    ),
    Need(
        "newer than 2.6",
        (
            "open_sizes_alone_load_sympy[profile",
            "test_the_first_profile_of_a_process_changes_no_setting",
        ),
        "any fake tensor loads SymPy, which adds a filter of warnings",
    ),
    Need(
        "newer than 2.9",
        (
            "[EmbeddingBag]",
            "test_every_kind_agrees_with_torch_and_every_counter_but_for_known",
            "test_it_passes_over_what_is_right_with_its_progress_on_stderr",
        ),
        "EmbeddingBag reads past its offsets with include_last_offset, and infers another shape",
    ),
    Need(
        "newer than 2.9",
        (
            "refuses_and_nothing_else[CosineSimilarity",
            "test_a_refusal_says_what_is_not_so[BatchNorm2d(3, eps=-1.0)",
        ),
        "eps may be negative",
    ),
    Need(
        "newer than 2.6",
        ("refuses_and_nothing_else[FractionalMaxPool3d",),
        "the kernel of a pooling may be negative",
    ),
    Need(
        "newer than 2.6",
        ("refuses_and_nothing_else[NLLLoss",),
        "one target may go with several inputs",
    ),
    Need(
        "newer than 2.6",
        ("test_a_layer_holds_what_torch_holds_at_once[Embedding]",),
        "an Embedding saves less",
    ),
    Need(
        "newer than 2.9",
        ("gradients_are_asked_for_is_counted_or_named[tensor subclass]",),
        "a mode has to know detach for each subclass",
    ),
    Need(
        "newer than 2.9",
        ("test_embeddings_and_outputs_that_are_gathered",),
        "DTensor can't reduce the parts of a masked embedding",
    ),
)


def reason_to_skip(name: str) -> str:
    """Why this torch can't run a test; empty if it can."""
    if not HAS_TORCH or not ANY_NAME.search(name):
        return ""
    needs = (need for need in NEEDS if any(part in name for part in need.tests))
    return next((explained(need) for need in needs if not is_there(need.feature)), "")


ANY_NAME = re.compile("|".join(re.escape(part) for need in NEEDS for part in need.tests))


def explained(need: Need) -> str:
    from convcost.tracing.torch_versions import VERSION

    return f"torch {VERSION}: {need.older}" if need.older else f"torch {VERSION} has no {need.feature}"


def is_there(feature: str) -> bool:
    """Whether torch has a feature."""
    import torch

    if feature.startswith("newer than "):
        return version(torch.__version__) > version(feature.removeprefix("newer than "))
    if "::" in feature:
        operator, _, device = feature.partition(" on ")
        return has_kernel(operator, device)
    path, _, parameter = feature.rstrip(")").partition("(")
    owner, name = path.rpartition(".")[::2]
    try:
        found = getattr(import_owner(owner), name, None) or import_module(path)
    except (ImportError, AttributeError):
        return False
    return not parameter or parameter in inspect.signature(found).parameters


def version(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(".")[:2]))


def has_kernel(operator: str, device: str) -> bool:
    """Whether torch knows an operator and can run it on a device."""
    import torch

    try:
        return torch._C._dispatch_has_kernel_for_dispatch_key(operator, device)
    except RuntimeError:
        return False


def import_owner(path: str) -> object:
    """The module or class with that name."""
    try:
        return import_module(path)
    except ImportError:
        owner, _, name = path.rpartition(".")
        return getattr(import_owner(owner), name)
