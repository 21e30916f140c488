"""Inputs as text: names, dtypes, shapes; and the tensors that they stand for."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from convcost.core.errors import SpecError, UsageError
from convcost.tracing.declared_inputs import (
    DTYPES,
    SHORT_NAMES,
    DeclaredInputs,
    DeclaredTensor,
    SizeExpression,
    parse_input,
    parse_inputs,
)

NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,9}", fullmatch=True).filter(
    lambda name: name not in ("True", "False", "None")
)
SIZES = st.one_of(st.integers(0, 2**62), NAMES)


@pytest.mark.parametrize(
    ("text", "name", "declared"),
    [
        ("f32[1,3,224,224]", "", DeclaredTensor("float32", (1, 3, 224, 224))),
        ("input_ids=i64[1,128]", "input_ids", DeclaredTensor("int64", (1, 128))),
        ("[2, 3]", "", DeclaredTensor("", (2, 3))),
        ("f32[]", "", DeclaredTensor("float32", ())),
        (" mask = bool [ B , S , ] ", "mask", DeclaredTensor("bool", ("B", "S"))),
        ("bf16[2**20, 1_000]", "", DeclaredTensor("bfloat16", (2**20, 1000))),
        ("f32=f32[1]", "f32", DeclaredTensor("float32", (1,))),
        (
            "[2 * H, 4W, 2**3*H, 2T+1, C / 4, h*w, (T-1)//2, 2*3]",
            "",
            DeclaredTensor(
                "",
                (*map(SizeExpression, ("2*H", "4*W", "(2**3)*H", "(2*T)+1", "C/4", "h*w", "(T-1)//2")), 6),
            ),
        ),
    ],
)
def test_an_input_is_a_name_a_dtype_and_a_shape(text, name, declared):
    assert parse_input(text) == (name, declared)


@given(
    name=st.one_of(st.just(""), NAMES),
    dtype=st.sampled_from(["", *DTYPES]),
    shape=st.lists(SIZES, max_size=9),
)
def test_what_is_declared_is_read(name, dtype, shape):
    text = f"{name}{'=' * bool(name)}{dtype}[{','.join(map(str, shape))}]"
    assert parse_input(text) == (name, DeclaredTensor(DTYPES.get(dtype, ""), tuple(shape)))


def refusal(text):
    try:
        parse_input(text)
    except SpecError as error:
        return error


@given(st.text(max_size=40))
def test_any_other_text_is_refused_at_its_place(text):
    error = refusal(text)
    assert error is None or 0 <= error.span.start <= error.span.end <= len(text)


@pytest.mark.parametrize("name", DTYPES.values())
def test_every_dtype_is_one_of_torch(name):
    assert isinstance(getattr(torch, name), torch.dtype)


@pytest.mark.parametrize("short", ["f64", "f32", "f16", "bf16", "i64", "i32", "i16", "i8", "u8", "c64"])
def test_short_names_say_kind_and_bits(short):
    dtype = getattr(torch, SHORT_NAMES[short])
    assert str(dtype.itemsize * 8) in short
    assert dtype.is_floating_point == (short[0] in "bf")


REFUSALS = {
    "f33[1]": "no dtype is called f33 (did you mean f32?)\n  f33[1]\n  ^^^\n",
    "f32[1": "unexpected end; expected ',' or ']'\n  f32[1\n       ^\n",
    "f32[1 2]": "found '2'; expected ',' or ']'\n  f32[1 2]\n        ^\n",
    "f32[-1]": "a size can't be negative\n  f32[-1]\n      ^^",
    "f32[2-3]": "a size can't be negative\n  f32[2-3]\n      ^^^",
    "f32[H-H]": "this size is always 0\n  f32[H-H]\n      ^^^\n",
    "f32[H/0]": "a division by zero\n  f32[H/0]\n      ^^^",
    "f32[7/2]": "7 / 2 is not a whole number\n  f32[7/2]\n      ^^^\nUse // to round down.",
    "f32[H*]": "found ']'; expected a size such as 128, E or 10E\n  f32[H*]\n        ^",
    "f32(1)": "found '('; expected a shape such as [1,3,224,224]\n  f32(1)\n     ^\n",
    "1,3": "found '1'; expected a shape such as [1,3,224,224]\n  1,3\n  ^\n",
    "f32[1] x": "found 'x'; expected the end\n  f32[1] x\n         ^\n",
    "f32[1.5]": "found '1.5'; expected a size or ']'\n  f32[1.5]\n      ^^^\n",
    "f32[0*H]": "this size is always 0\n  f32[0*H]\n      ^^^",
    "f32[2**63]": "this size is too large for torch\n  f32[2**63]\n      ^^^^^",
    "f32[" + "1," * 65 + "]": "more than 64 dimensions\n",
}


@pytest.mark.parametrize(("text", "message"), REFUSALS.items(), ids=[text[:12] for text in REFUSALS])
def test_an_error_points_at_the_place(text, message):
    with pytest.raises(SpecError) as refused:
        parse_input(text)
    assert str(refused.value).startswith(message)


def test_inputs_are_by_place_or_by_name():
    inputs = parse_inputs(["f32[1]", "mask=bool[B,2]", "[S,B]"])
    assert inputs.args == (DeclaredTensor("float32", (1,)), DeclaredTensor("", ("S", "B")))
    assert inputs.kwargs == {"mask": DeclaredTensor("bool", ("B", 2))}
    assert inputs.names == ("S", "B")


def test_a_name_is_given_once():
    with pytest.raises(UsageError, match="the input x is given twice"):
        parse_inputs(["x=f32[1]", "x=f32[2]"])


def test_sizes_take_the_place_of_their_names():
    inputs = parse_inputs(["f32[B,S]", "x=i64[B]"]).sized({"B": 4, "Q": 7})
    assert inputs == DeclaredInputs(
        (DeclaredTensor("float32", (4, "S")),), {"x": DeclaredTensor("int64", (4,))}
    )


def test_more_elements_than_torch_counts_are_refused():
    with pytest.raises(UsageError, match="more elements than torch supports"):
        parse_inputs(["f32[B,2**40]"]).sized({"B": 2**23})


@pytest.mark.parametrize(("dtype", "expected"), [("int64", torch.int64), ("", torch.float16)])
def test_without_a_dtype_it_is_the_models_own(dtype, expected):
    tensor = DeclaredTensor(dtype, (2, 3)).tensor(torch.float16, "cpu")
    assert (tensor.dtype, tuple(tensor.shape), tensor.any().item()) == (expected, (2, 3), False)


def test_on_the_meta_device_no_size_takes_memory():
    assert DeclaredTensor("float32", (2**20, 2**40)).tensor(torch.float32, "meta").is_meta


def test_dtypes_are_filled_in_by_name():
    typed = DeclaredInputs((DeclaredTensor("", ("B",)),), {"x": DeclaredTensor("int8", ())}).typed(
        torch.bfloat16
    )
    assert typed == DeclaredInputs((DeclaredTensor("bfloat16", ("B",)),), {"x": DeclaredTensor("int8", ())})
