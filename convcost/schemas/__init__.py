"""The JSON Schemas of convcost's outputs and inputs, by name."""

from __future__ import annotations

from importlib.resources import files

from convcost.core.errors import unknown_name

OUTPUTS = {
    "compare": "convcost.render.records.comparison:ComparisonRecord",
    "cost": "convcost.render.records.weights:CostRecord",
    "layer": "convcost.render.records.report:LayerRecord",
    "model": "convcost.render.records.weights:NamedModelRecord",
    "explain": "convcost.render.records.explanation:ExplanationRecord",
    "match": "convcost.render.records.match:MatchRecord",
    "sweep": "convcost.render.records.sweep:SweepRecord",
    "check": "convcost.render.records.check:GateRecord",
    "verify": "convcost.render.records.verification:VerificationRecord",
    "counters": "convcost.render.records.counters:CounterListRecord",
    "devices": "convcost.render.records.devices:DeviceListRecord",
    "layers": "convcost.render.records.layers:LayerListRecord",
}
"""The record, or union of records, of each command's JSON."""

INPUTS = {
    "config": "convcost.gate.config_tables:ConfigTable",
    "lock": "convcost.gate.lock_file:LockTable",
}
"""The record of each input file."""

NAMES = (*OUTPUTS, *INPUTS)


def schema_text(name: str) -> str:
    """The text of the schema `name`; UsageError if there is none."""
    if name not in NAMES:
        raise unknown_name("no schema is called", name, NAMES)
    return files("convcost.schemas").joinpath("files", f"{name}.json").read_text(encoding="utf-8")
