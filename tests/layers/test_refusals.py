"""What torch refuses convcost refuses, and the other way round, but for what is listed here."""

import pytest
from hypothesis import given, settings
from layer_cases import Case
from near_misses import spoiled
from torch_modules import forward

from convcost.core.errors import RequirementError
from convcost.layers import FAMILIES, KINDS, layer_class
from convcost.layers.interface import argument_fields
from convcost.layers.network import Network, chain_of
from convcost.spec import parse

FEW = settings(max_examples=10)
MANY = settings(max_examples=150)


def convcost_refuses(case: Case) -> bool:
    try:
        Network(chain_of(case.layer), case.shape).report()
    except RequirementError:
        return True
    return False


def torch_refuses(case: Case) -> bool:
    """On the CPU, where the kernels check what the meta device lets pass; an empty output is a refusal."""
    try:
        return forward(case.layer, case.shape, "cpu").numel() == 0
    except (RuntimeError, ValueError, AssertionError, TypeError, IndexError, ZeroDivisionError):
        return True


def is_stricter_here(case: Case) -> bool:
    return any(exception(case) for exception in STRICTER)


def has_a_tuple_of_one(case: Case) -> bool:
    """torch repeats it in some arguments, fails in others, and with padding modes pads one side alone."""
    values = (getattr(case.layer, field.name) for field in argument_fields(case.layer))
    has_one = any(isinstance(value, tuple) and len(value) == 1 for value in values)
    return has_one and getattr(case.layer, "spatial", 1) > 1


def states_channels_that_nothing_uses(case: Case) -> bool:
    """A normalisation without weight, bias and running statistics: torch ignores or warns."""
    kinds = [kind for kind in FAMILIES["normalization"] if "Instance" in kind or "Batch" in kind]
    kind = type(case.layer).__name__
    if kind == "GroupNorm":
        return not case.layer.affine
    return kind in kinds and not (case.layer.affine or case.layer.track_running_stats)


def averages_all_of_an_odd_rank(case: Case) -> bool:
    """torch takes the mean of the last dimensions for output_size=1, without a look at their number."""
    return type(case.layer).__name__.startswith("AdaptiveAvgPool") and case.layer.output_size == 1


def pads_other_dimensions_than_its_own(case: Case) -> bool:
    """torch pads as many dimensions as a padding's tuple has pairs, whatever the layer is called."""
    padding = getattr(case.layer, "padding", 0)
    return (
        "Pad" in type(case.layer).__name__
        and isinstance(padding, tuple)
        and len(padding) != case.layer.tuple_length
    )


def drops_what_is_no_probability(case: Case) -> bool:
    """torch looks at it in training alone."""
    return type(case.layer).__name__ == "MultiheadAttention" and not 0 <= case.layer.dropout <= 1


def broadcasts_samples(case: Case) -> bool:
    """torch spreads keys and values over samples, as elsewhere in its functions."""
    return type(case.layer).__name__ == "ScaledDotProductAttention" and bool(case.layer.further_inputs)


def takes_a_factor_of_0_for_none(case: Case) -> bool:
    """torch looks at size alone then."""
    return getattr(case.layer, "scale_factor", None) == 0


def has_no_decoder_layers(case: Case) -> bool:
    """torch normalises the target then, and nothing else."""
    return getattr(case.layer, "num_decoder_layers", 1) < 1


def has_windows_of_nothing(case: Case) -> bool:
    """torch returns what is there before the memory that it would look at."""
    return type(case.layer).__name__ == "FractionalMaxPool2d" and min(along(case.layer.kernel_size)) < 1


def along(sizes: int | tuple[int, ...]) -> tuple[int, ...]:
    return sizes if isinstance(sizes, tuple) else (sizes,)


def unpools_by_steps_of_nothing(case: Case) -> bool:
    """torch's kernels for one and two dimensions look at the output's length alone."""
    steps = (case.layer.kernel_size, case.layer.stride) if "MaxUnpool" in type(case.layer).__name__ else ()
    return any(min(along(step)) < 1 for step in steps if step is not None)


def compares_other_shapes(case: Case) -> bool:
    """torch broadcasts the inputs of most losses, and warns that this is hardly what is meant."""
    is_loss = type(case.layer).__name__ in (*FAMILIES["losses"], *FAMILIES["ranking_losses"])
    return is_loss and case.layer.further_inputs != case.layer.usual_further_inputs(case.shape)


def is_smooth_nowhere(case: Case) -> bool:
    """SmoothL1Loss with beta=0, which is L1Loss to torch."""
    return getattr(case.layer, "beta", 1) == 0 and type(case.layer).__name__ == "SmoothL1Loss"


STRICTER = (
    has_no_decoder_layers,
    compares_other_shapes,
    is_smooth_nowhere,
    unpools_by_steps_of_nothing,
    has_windows_of_nothing,
    drops_what_is_no_probability,
    broadcasts_samples,
    takes_a_factor_of_0_for_none,
    pads_other_dimensions_than_its_own,
    has_a_tuple_of_one,
    states_channels_that_nothing_uses,
    averages_all_of_an_odd_rank,
)


def refuses_as_torch_does(case: Case) -> None:
    if torch_refuses(case):
        assert convcost_refuses(case)
    elif not is_stricter_here(case):
        assert not convcost_refuses(case)


@pytest.mark.parametrize("kind", KINDS)
def test_convcost_refuses_what_torch_refuses_and_nothing_else(kind):
    FEW(given(spoiled(kind))(refuses_as_torch_does))()


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_convcost_refuses_what_torch_refuses_and_nothing_else_over_many_cases(kind):
    MANY(given(spoiled(kind))(refuses_as_torch_does))()


REFUSED = [
    ("Conv1d(8, 16, 3, groups=3)", (1, 8, 9), "groups = 3 does not divide in_channels = 8"),
    ("Conv1d(8, 12, 3, groups=8)", (1, 8, 9), "groups = 8 does not divide out_channels = 12"),
    ("Conv1d(8, 4, 12)", (1, 8, 9), "the padded length is 9; it must be at least 12"),
    ("Conv1d(8, 4, 3)", (1, 7, 9), "the input's channel count is 7, but in_channels is 8"),
    (
        "Conv2d(8, 4, 3, padding='same', stride=2)",
        (1, 8, 9, 9),
        "stride is 2, but the only stride with padding=same is 1",
    ),
    (
        "Conv1d(8, 4, 3, padding=9, padding_mode='reflect')",
        (1, 8, 9),
        "padding is 9; it must be at most 8",
    ),
    (
        "Conv1d(8, 4, 3, padding=9, padding_mode='circular')",
        (1, 8, 8),
        "padding is 9; it must be at most 8",
    ),
    (
        "Conv1d(1, 1, 4, padding='same', padding_mode='reflect')",
        (1, 2),
        "padding is 2; it must be at most 1",
    ),
    (
        "ConvTranspose1d(8, 4, 3, stride=2, output_padding=2)",
        (1, 8, 9),
        "output_padding is 2; it must be at most 1",
    ),
    ("MaxPool1d(3, padding=2)", (1, 8, 9), "padding is 2; it must be at most 1"),
    (
        "MaxPool2d(12, stride=7, ceil_mode=True)",
        (1, 8, 5, 5),
        "the padded length is 5; it must be at least 6",
    ),
    (
        "AvgPool3d(5, padding=2)",
        (1, 3, 3, 3),
        "the length without padding is 3; it must be at least 5",
    ),
    ("LPPool1d(0, 3)", (8, 9), "norm_type is 0, but the root divides by norm_type"),
    ("Embedding(5, 3, padding_idx=5)", (4,), "padding_idx is 5; it must be at most 4"),
    ("Embedding(5, 3, padding_idx=-6)", (4,), "padding_idx is -6; it must be at least -5"),
    ("EmbeddingBag(5, 3, padding_idx=5)", (2, 4), "padding_idx is 5; it must be at most 4"),
    ("EmbeddingBag(5, 3)", (4,), "the input [4] has 1 dimension; expected [batch, indices of a bag]"),
    ("EmbeddingBag(5, 3, mode=max, sparse=True)", (2, 4), "sparse is not possible with mode=max"),
    (
        "EmbeddingBag(5, 3, mode=max, scale_grad_by_freq=True)",
        (2, 4),
        "scale_grad_by_freq is not possible with mode=max",
    ),
    (
        "BatchNorm1d(3, track_running_stats=False)",
        (1, 3),
        "the number of values per mean is 1; it must be at least 2",
    ),
    (
        "InstanceNorm1d(3)",
        (2, 3, 1),
        "the number of values per mean is 1; it must be at least 2",
    ),
    ("GroupNorm(3, 3)", (1, 3), "batch x channels of a group x positions is 1; it must be at least 2"),
    ("BatchNorm2d(3, eps=-1.0)", (2, 3, 4, 4), "eps is -1.0; it must be at least 0"),
    ("ReflectionPad1d(4)", (3, 4), "padding is 4; it must be at most 3"),
    ("CircularPad2d((0, 0, 5, 0))", (3, 4, 4), "padding is 5; it must be at most 4"),
    ("ReplicationPad1d(-2)", (3, 4), "the padded length is 0; it must be at least 1"),
    ("ZeroPad1d((-5, 9))", (3, 4), "padding is -5; it must be at least -4"),
    ("Dropout(1.5)", (4,), "p is 1.5; a probability must be from 0 to 1"),
    ("Softshrink(-1.0)", (4,), "lambd is -1.0; it must be at least 0"),
    ("CELU(0.0)", (4,), "alpha is 0, but CELU divides by alpha"),
    ("Hardtanh(1.0, 1.0)", (4,), "max_val is 1.0; it must be greater than min_val, which is 1.0"),
    ("RReLU(0.5, 0.25)", (4,), "lower is 0.5; it must be at most upper, which is 0.25"),
    ("Upsample()", (1, 2, 3), "neither of size and scale_factor given; give exactly one"),
    ("Upsample(4, 2.0)", (1, 2, 3), "both of size and scale_factor given; give exactly one"),
    ("Upsample(scale_factor=0.25)", (1, 2, 3), "the output's length is 0; it must be at least 1"),
    (
        "Upsample(4, mode=bilinear)",
        (1, 2, 3),
        "the input [1, 2, 3] has 3 dimensions; expected [batch, channels, height, width]",
    ),
    (
        "Upsample(4, align_corners=True)",
        (1, 2, 3),
        "align_corners needs a mode that interpolates, but the mode is nearest",
    ),
    (
        "Upsample(4, recompute_scale_factor=True)",
        (1, 2, 3),
        "recompute_scale_factor needs scale_factor, but size is given",
    ),
    (
        "FractionalMaxPool2d(2)",
        (1, 8, 8),
        "neither of output_size and output_ratio given; give exactly one",
    ),
    (
        "FractionalMaxPool2d(2, output_ratio=1.5)",
        (1, 8, 8),
        "output_ratio is 1.5; it must be between 0 and 1",
    ),
    (
        "FractionalMaxPool3d(3, 4)",
        (1, 6, 6, 6),
        "the length is 6; it must be at least 7",
    ),
    ("Unflatten(1, (-1, -1))", (4, 1), "unflattened_size is (-1, -1); at most one size can be -1"),
    ("Unflatten(1, (0, 2))", (4, 2), "unflattened_size is (0, 2); it must be at least 1"),
]


@pytest.mark.parametrize(("text", "shape", "message"), REFUSED)
def test_a_refusal_says_what_is_not_so(text, shape, message):
    written = f"[{', '.join(map(str, shape))}] -> {text}"
    (layer,) = parse(written).network({}).layers
    with pytest.raises(RequirementError) as refusal:
        Network(chain_of(layer), shape).report()
    assert refusal.value.message == message
    assert torch_refuses(Case(layer, shape))


def test_an_empty_dimension_is_refused_where_torch_returns_an_empty_tensor():
    with pytest.raises(RequirementError, match="a dimension of the input is 0; it must be at least 1"):
        Network(chain_of(layer_class("ReLU")()), (2, 0)).report()
