"""The tables of the configuration as typed records: every key, what it takes, and what it is for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from msgspec import UNSET, Struct, UnsetType, defstruct

from convcost.core.cost import Count, Padding
from convcost.core.dtypes import ITEMSIZES
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
"""A number, an amount with its unit, or a formula."""
Size = Annotated[int, describe(minimum=1, maximum=LARGEST_SIZE)]
Year = Annotated[int, describe(minimum=0, maximum=10**300)] | UnsetType
Seconds = Annotated[float, describe(minimum=1, maximum=10**7)]

RELATION_WORDS: dict[Relation, str] = {"≤": "at most", "≥": "at least", "=": "exactly"}


class EntryDefaults(Struct, forbid_unknown_fields=True):
    """What an entry has of its own, or the configuration for all of them."""

    tolerance: Annotated[
        str, describe("How far a total may differ from a baseline or an exact limit.", "1%")
    ] = "0%"
    growth_only: Annotated[
        bool,
        describe("Whether a total may fall below its baseline. A formula that changes always fails.", True),
    ] = False
    timeout: Annotated[Seconds, describe("Time limit in seconds for counting a model.", 600)] = (
        DEFAULT_TIMEOUT
    )


class EntryKeys(EntryDefaults, forbid_unknown_fields=True):
    """The keys of an entry but for its limits."""

    spec: Annotated[Text, describe('A design as text, such as "[B, S, L*E] -> Linear(L*E, E)".')] = UNSET
    dtype: Annotated[DtypeName, describe("The dtype of a spec, for its bytes.", "bfloat16")] = "float32"
    model: Annotated[
        Text,
        describe(
            "A torch module, its class or a factory: file.py:Name or package.module:Name; or a model by its "
            "source, such as timm:resnet50 or net.onnx.",
            "net.py:Net",
        ),
    ] = UNSET
    inputs: Annotated[
        list[str],
        describe('Its inputs, such as "f32[1,3,224,224]" or "ids=i64[B,128]".', ["f32[1,3,224,224]"]),
    ] = []
    inputs_from: Annotated[str, describe("A function that returns its inputs.", "net.py:make_inputs")] = ""
    args: Annotated[dict[str, Any], describe("Arguments for its class or factory.", {"width": 64})] = {}
    train: Annotated[bool, describe("Whether it runs in training mode.", True)] = False
    formulas: Annotated[str, describe("A dict of formulas for operators by name.", "net.py:FORMULAS")] = ""
    sizes: Annotated[dict[str, Size], describe("Values of sizes; a size without one stays open.")] = {}
    count: Annotated[Count, describe("Whether FLOPs include bias adds, or all elementwise work.", "bias")] = (
        "matmul"
    )
    taps: Annotated[
        Padding, describe("Whether all taps count (full), or only those on real data.", "valid")
    ] = "full"
    agree_with: Annotated[
        list[str], describe("Counters that must agree.", ["fvcore", "flop_counter_mode"])
    ] = []
    ratio_to: Annotated[str, describe("The entry that this one is compared with.", "another")] = ""
    metric: Annotated[Metric, describe("The quantity whose ratio is limited.", "params")] = "flops"


SPEC_KEYS = ("spec", "dtype")
MODEL_KEYS = ("model", "inputs", "inputs_from", "args", "train", "formulas")


def _limit_fields() -> list[tuple[str, Any, UnsetType]]:
    """A field for each limit of each metric, and for each limit of a ratio."""
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
    namespace={"__doc__": "A spec or a torch module, and limits on its cost."},
    forbid_unknown_fields=True,
)

PeaksTable: Any = defstruct(
    "PeaksTable",
    [
        (dtype, Annotated[Amount, describe(f"The peak in {dtype}, dense.", "312 TFLOP/s")], UNSET)
        for dtype in DTYPES
    ],
    module=__name__,
    namespace={"__doc__": "The peaks by dtype, dense."},
    forbid_unknown_fields=True,
)


class DeviceTable(Struct, forbid_unknown_fields=True):
    """What a device can do."""

    like: Annotated[Text, describe("A device that supplies every key not given here.", "a100")] = UNSET
    title: Annotated[Text, describe("The name reported by its driver.")] = UNSET
    aliases: Annotated[list[str], describe("Other names.", ["box"])] = []
    vendor: Annotated[Text, describe("The vendor.")] = UNSET
    kind: Annotated[DeviceKind | UnsetType, describe("gpu, cpu, tpu or npu.", "gpu")] = UNSET
    year: Annotated[Year, describe("The year of release.", 2024)] = UNSET
    memory: Annotated[Amount, describe("Dedicated memory, if any.", "80 GB")] = UNSET
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
    source: Annotated[Text, describe("The source of the figures; by default, the configuration.")] = UNSET
    sources: Annotated[
        dict[str, str],
        describe("Sources of single figures: bandwidth, memory or a dtype.", {"bandwidth": "data sheet"}),
    ] = {}
    notes: Annotated[list[str], describe("Further remarks.", ["measured in May"])] = []


DeviceTables = dict[str, DeviceTable]


class ConfigTable(EntryDefaults, forbid_unknown_fields=True):
    """The configuration of convcost check: [tool.convcost] in pyproject.toml, or convcost.toml."""

    entries: Annotated[dict[str, EntryTable], describe("The entries by name.")] = {}
    devices: Annotated[DeviceTables, describe("Devices of your own by name, for rooflines.")] = {}
