"""The tables of the configuration as typed records: every key, what it takes, and what it is for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, defstruct

from convcost.core.cost import Count, Padding
from convcost.core.dtypes import ITEMSIZES
from convcost.devices.device import DTYPES
from convcost.devices.device import Kind as DeviceKind
from convcost.gate.limit import LARGEST_AMOUNT, LIMITED, LIMITS, Relation
from convcost.gate.validation import record_schema
from convcost.layers.interface import LARGEST_SIZE
from convcost.system.workers import DEFAULT_TIMEOUT

if TYPE_CHECKING:
    DtypeName = str
    Metric = str
else:
    DtypeName = Literal[tuple(ITEMSIZES)]
    Metric = Literal[tuple(LIMITED)]

AMOUNT_BOUNDS = Meta(ge=0, extra_json_schema={"maximum": LARGEST_AMOUNT})
SIZE_BOUNDS = Meta(ge=1, extra_json_schema={"maximum": LARGEST_SIZE})

Amount = str | Annotated[int, AMOUNT_BOUNDS] | Annotated[float, AMOUNT_BOUNDS]
"""A number, an amount with its unit, or a formula."""

Size = Annotated[int, SIZE_BOUNDS]

RELATION_WORDS: dict[Relation, str] = {"≤": "at most", "≥": "at least", "=": "exactly"}


class Defaults(Struct, forbid_unknown_fields=True):
    """What an entry has of its own, or the configuration for all of them."""

    tolerance: Annotated[
        str,
        Meta(
            description="How far a total may be from its baseline or from an exact limit; 0% by default.",
            examples=["1%"],
        ),
    ] = "0%"
    growth_only: Annotated[
        bool,
        Meta(
            description="Whether only a total that grows beyond its baseline fails; false by default. "
            "A formula that changes fails either way.",
            examples=[True],
        ),
    ] = False
    timeout: Annotated[
        float,
        Meta(ge=1, le=10**7, description="Seconds that counting a model may take.", examples=[600]),
    ] = DEFAULT_TIMEOUT


class EntryKeys(Defaults, forbid_unknown_fields=True):
    """The keys of an entry without its limits."""

    spec: Annotated[
        str | UnsetType,
        Meta(description='A design as text, such as "[B, S, L*E] -> Linear(L*E, E)".'),
    ] = UNSET
    dtype: Annotated[
        DtypeName,
        Meta(description="The dtype that a spec's bytes are counted in.", examples=["bfloat16"]),
    ] = "float32"
    model: Annotated[
        str | UnsetType,
        Meta(
            description="A torch module, its class, or a function that makes it: "
            "file.py:Name or package.module:Name.",
            examples=["net.py:Net"],
        ),
    ] = UNSET
    inputs: Annotated[
        list[str],
        Meta(
            description='The module\'s inputs, such as "f32[1,3,224,224]" or "ids=i64[B,128]".',
            examples=[["f32[1,3,224,224]"]],
        ),
    ] = []
    inputs_from: Annotated[
        str,
        Meta(
            description="A function that returns the module's inputs: file.py:name.",
            examples=["net.py:make_inputs"],
        ),
    ] = ""
    args: Annotated[
        dict[str, Any],
        Meta(description="Arguments for the module's class or function.", examples=[{"width": 64}]),
    ] = {}
    train: Annotated[bool, Meta(description="Whether the module runs in training mode.", examples=[True])] = (
        False
    )
    formulas: Annotated[
        str,
        Meta(
            description="A dict of formulas for operators by name: file.py:NAME.",
            examples=["net.py:FORMULAS"],
        ),
    ] = ""
    sizes: Annotated[
        dict[str, Size],
        Meta(description="Numbers for sizes by name; a size without one stays open."),
    ] = {}
    count: Annotated[
        Count,
        Meta(
            description="What FLOPs include: 2 × MACs; also bias adds; also elementwise work.",
            examples=["bias"],
        ),
    ] = "matmul"
    taps: Annotated[
        Padding,
        Meta(description="Whether all taps count, or only those on real data.", examples=["valid"]),
    ] = "full"
    agree_with: Annotated[
        list[str],
        Meta(
            description="Counters that have to agree, such as fvcore.",
            examples=[["fvcore", "flop_counter_mode"]],
        ),
    ] = []
    ratio_to: Annotated[
        str, Meta(description="The entry that this one is compared with.", examples=["another"])
    ] = ""
    metric: Annotated[Metric, Meta(description="The quantity that the ratio is of.", examples=["params"])] = (
        "flops"
    )
    max_ratio: Annotated[
        Amount | UnsetType,
        Meta(description="The ratio to the other entry is at most this.", examples=[6.5]),
    ] = UNSET
    min_ratio: Annotated[
        Amount | UnsetType,
        Meta(description="The ratio to the other entry is at least this.", examples=[5.5]),
    ] = UNSET
    ratio: Annotated[
        Amount | UnsetType,
        Meta(description="The ratio to the other entry is exactly this.", examples=[6]),
    ] = UNSET


MODEL_KEYS = ("model", "inputs", "inputs_from", "args", "train", "formulas")
SPEC_KEYS = ("spec", "dtype")


def _limit_field(name: str) -> tuple[str, Any, UnsetType]:
    limit = LIMITS[name]
    description = (
        f"The {LIMITED[limit.metric]} are {RELATION_WORDS[limit.relation]} this: "
        'a number, "2 GFLOPs", or a formula such as "20*B*S*E**2".'
    )
    return name, Annotated[Amount | UnsetType, Meta(description=description)], UNSET


EntryTable: Any = defstruct(
    "EntryTable",
    map(_limit_field, LIMITS),
    bases=(EntryKeys,),
    module=__name__,
    namespace={"__doc__": "A spec or a torch module, and what is asked of its cost."},
    forbid_unknown_fields=True,
)

PeaksTable: Any = defstruct(
    "PeaksTable",
    [
        (
            dtype,
            Annotated[
                Amount | UnsetType,
                Meta(description=f'The peak in {dtype}: "312 TFLOP/s", or "40 cores x 2.3 GHz x 64 FLOP".'),
            ],
            UNSET,
        )
        for dtype in DTYPES
    ],
    module=__name__,
    namespace={"__doc__": "The peaks by dtype, dense."},
    forbid_unknown_fields=True,
)


class DeviceTable(Struct, forbid_unknown_fields=True):
    """What a device can do."""

    like: Annotated[
        str | UnsetType,
        Meta(description="A device that has what is not given here.", examples=["a100"]),
    ] = UNSET
    title: Annotated[str | UnsetType, Meta(description="The name that its driver gives it.")] = UNSET
    aliases: Annotated[list[str], Meta(description="Other names.", examples=[["box"]])] = []
    vendor: Annotated[str | UnsetType, Meta(description="Who makes it.")] = UNSET
    kind: Annotated[DeviceKind | UnsetType, Meta(description="What it is.", examples=["gpu"])] = UNSET
    year: Annotated[
        Annotated[int, Meta(ge=0, le=9999)] | UnsetType,
        Meta(description="When it came out.", examples=[2024]),
    ] = UNSET
    memory: Annotated[
        Amount | UnsetType,
        Meta(description='Its own memory, if it has some: "80 GB".', examples=["80 GB"]),
    ] = UNSET
    bandwidth: Annotated[
        Amount | UnsetType,
        Meta(
            description='Its memory\'s bandwidth: "2.039 TB/s", or "8 channels x 8 B x 3.2 GT/s".',
            examples=["2 TB/s"],
        ),
    ] = UNSET
    peaks: Annotated[
        PeaksTable | UnsetType,
        Meta(description="The peaks by dtype, dense.", examples=[{"float32": "20 TFLOP/s"}]),
    ] = UNSET
    source: Annotated[
        str | UnsetType, Meta(description="Where the figures are from; the configuration by default.")
    ] = UNSET
    sources: Annotated[
        dict[str, str],
        Meta(
            description="Where some of them are from, by bandwidth, memory or dtype.",
            examples=[{"bandwidth": "data sheet"}],
        ),
    ] = {}
    notes: Annotated[list[str], Meta(description="What else to know.", examples=[["measured in May"]])] = []


DeviceTables = dict[str, DeviceTable]


class ConfigTable(Defaults, forbid_unknown_fields=True):
    """What convcost check guards: [tool.convcost] in pyproject.toml, or a convcost.toml."""

    entries: Annotated[
        dict[str, EntryTable],
        Meta(description="The entries by name."),
    ] = {}
    devices: Annotated[DeviceTables, Meta(description="Devices of your own by name, for rooflines.")] = {}


def config_schema() -> dict[str, Any]:
    """The JSON Schema of [tool.convcost] in a pyproject.toml, or of a convcost.toml."""
    return record_schema(ConfigTable, "convcost's configuration")
