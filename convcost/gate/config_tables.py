"""The tables of the configuration as typed records: every key with its type, description and example."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from msgspec import UNSET, Struct, UnsetType, defstruct

from convcost.core.cost import Count, Padding
from convcost.core.dtypes import ITEMSIZES
from convcost.core.generation import GenerationPhase
from convcost.core.record_fields import describe
from convcost.devices.names import DTYPES
from convcost.devices.names import Kind as DeviceKind
from convcost.gate.limit import LARGEST_AMOUNT, LIMITED_METRICS, LIMITS, RATIOS, Relation
from convcost.layers.interface import LARGEST_SIZE
from convcost.system.workers import DEFAULT_TIMEOUT

if TYPE_CHECKING:
    DtypeName = str
    Metric = str
else:
    DtypeName = Literal[tuple(ITEMSIZES)]
    Metric = Literal[tuple(LIMITED_METRICS)]

Text = str | UnsetType
Amount = Annotated[str | int | float, describe(minimum=0, maximum=LARGEST_AMOUNT)] | UnsetType
"""A number, an amount with a unit, or a formula."""
Size = Annotated[int, describe(minimum=1, maximum=LARGEST_SIZE)]
Context = Annotated[int | str, describe(minimum=1, maximum=LARGEST_SIZE)]
Year = Annotated[int, describe(minimum=0, maximum=10**300)] | UnsetType
Seconds = Annotated[float, describe(minimum=1, maximum=10**7)]

RELATION_WORDS: dict[Relation, str] = {"≤": "at most", "≥": "at least", "=": "exactly"}


class EntryDefaults(Struct, forbid_unknown_fields=True):
    """Keys of an entry that may also be set for all entries."""

    tolerance: Annotated[
        str, describe("How far a total may differ from a baseline or exact limit.", "1%")
    ] = "0%"
    growth_only: Annotated[
        bool,
        describe("Fail only if a total exceeds its baseline. A changed formula always fails.", True),
    ] = False
    timeout: Annotated[Seconds, describe("Time limit in seconds for counting a model.", 600)] = (
        DEFAULT_TIMEOUT
    )


class EntryKeys(EntryDefaults, forbid_unknown_fields=True):
    """The keys of an entry except its limits."""

    spec: Annotated[Text, describe('A design as text, such as "[B, S, L*E] -> Linear(L*E, E)".')] = UNSET
    dtype: Annotated[DtypeName, describe("The dtype of a spec, for its bytes.", "bfloat16")] = "float32"
    model: Annotated[
        Text,
        describe(
            "A torch module, its class, or a function that makes it, as file.py:Name or package.module:Name; "
            "or a model of a library or in a file, such as timm:resnet50 or net.onnx.",
            "net.py:Net",
        ),
    ] = UNSET
    inputs: Annotated[
        list[str],
        describe(
            'Inputs of the model, such as "f32[1,3,224,224]" or "ids=i64[B,128]".', ["f32[1,3,224,224]"]
        ),
    ] = []
    inputs_from: Annotated[str, describe("A function that returns the inputs.", "net.py:make_inputs")] = ""
    args: Annotated[dict[str, Any], describe("Arguments of its class or function.", {"width": 64})] = {}
    phase: Annotated[
        GenerationPhase | UnsetType,
        describe(
            "Run a language model's prompt (prefill), or one more token with it in the cache (decode).",
            "decode",
        ),
    ] = UNSET
    context: Annotated[
        Context | UnsetType,
        describe('With phase: the number of tokens in the prompt, or "T" to leave it open.', 4096),
    ] = UNSET
    train: Annotated[bool, describe("Run the model in training mode.", True)] = False
    formulas: Annotated[
        str,
        describe("Formulas for operators that have none: a dict, by operator name.", "net.py:FORMULAS"),
    ] = ""
    sizes: Annotated[dict[str, Size], describe("Values of sizes; a size without a value stays open.")] = {}
    count: Annotated[
        Count,
        describe("FLOPs: 2 x MACs (matmul); plus bias adds (bias); plus elementwise work (all).", "bias"),
    ] = "matmul"
    taps: Annotated[
        Padding, describe("Count all MACs (full), or only those on real data (valid).", "valid")
    ] = "full"
    agree_with: Annotated[
        list[str], describe("Counters that must agree.", ["fvcore", "flop_counter_mode"])
    ] = []
    ratio_to: Annotated[str, describe("Another entry, which the ratio is relative to.", "another")] = ""
    metric: Annotated[Metric, describe("The quantity of the ratio.", "params")] = "flops"


SPEC_KEYS = ("spec", "dtype")
MODEL_KEYS = ("model", "inputs", "inputs_from", "args", "phase", "context", "train", "formulas")


def _limit_fields() -> list[tuple[str, Any, UnsetType]]:
    """A field for each limit on each metric, and for each limit on a ratio."""
    texts = {
        name: f"The {LIMITED_METRICS[key.metric]} are {RELATION_WORDS[key.relation]} this: "
        'a number, "2 GFLOPs", or a formula such as "20*B*S*E**2".'
        for name, key in LIMITS.items()
    }
    for name, key in RATIOS.items():
        texts[name] = f"The ratio to the other entry is {RELATION_WORDS[key.relation]} this."
    return [(name, Annotated[Amount, describe(text, 6)], UNSET) for name, text in texts.items()]


EntryTable: Any = defstruct(
    "EntryTable",
    _limit_fields(),
    bases=(EntryKeys,),
    module=__name__,
    namespace={"__doc__": "A spec or a model, with limits on its costs."},
    forbid_unknown_fields=True,
)

PeaksTable: Any = defstruct(
    "PeaksTable",
    [
        (dtype, Annotated[Amount, describe(f"The dense peak in {dtype}.", "312 TFLOP/s")], UNSET)
        for dtype in DTYPES
    ],
    module=__name__,
    namespace={"__doc__": "Dense peaks by dtype."},
    forbid_unknown_fields=True,
)


class DeviceTable(Struct, forbid_unknown_fields=True):
    """A device, for rooflines."""

    like: Annotated[Text, describe("A device from which missing keys are taken.", "a100")] = UNSET
    title: Annotated[Text, describe("The name that the driver reports.")] = UNSET
    aliases: Annotated[list[str], describe("Other names.", ["box"])] = []
    vendor: Annotated[Text, describe("The vendor.")] = UNSET
    kind: Annotated[DeviceKind | UnsetType, describe("The kind of device.", "gpu")] = UNSET
    year: Annotated[Year, describe("The year of release.", 2024)] = UNSET
    memory: Annotated[Amount, describe("The device's own memory, if any.", "80 GB")] = UNSET
    bandwidth: Annotated[
        Amount, describe('Memory bandwidth: "2 TB/s", or "8 channels x 8 B x 3.2 GT/s".', "2 TB/s")
    ] = UNSET
    peaks: Annotated[
        PeaksTable | UnsetType,
        describe(
            'Dense peaks by dtype: "312 TFLOP/s", or "40 cores x 2.3 GHz x 64 FLOP".',
            {"float32": "20 TFLOP/s"},
        ),
    ] = UNSET
    source: Annotated[Text, describe("The source of the figures (default: this file).")] = UNSET
    sources: Annotated[
        dict[str, str],
        describe("Sources of single figures, by bandwidth, memory or dtype.", {"bandwidth": "data sheet"}),
    ] = {}
    notes: Annotated[list[str], describe("Further remarks.", ["measured in May"])] = []


DeviceTables = dict[str, DeviceTable]


class ConfigTable(EntryDefaults, forbid_unknown_fields=True):
    """The configuration of convcost check: [tool.convcost] in pyproject.toml, or convcost.toml."""

    entries: Annotated[dict[str, EntryTable], describe("The entries by name.")] = {}
    devices: Annotated[DeviceTables, describe("Your own devices by name, for rooflines.")] = {}
