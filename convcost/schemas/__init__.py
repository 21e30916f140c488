"""The JSON Schemas of what convcost writes and reads: by name, as they are shipped."""

from __future__ import annotations

from importlib.resources import files

from convcost.core.errors import unknown_name

RECORDS = {
    "compare": "comparison:ComparisonRecord",
    "layer": "report:LayerRecord",
    "model": "report:ModelRecord",
    "explain": "explanation:ExplanationRecord",
    "match": "match:MatchRecord",
    "check": "check:GateRecord",
    "verify": "verification:VerificationRecord",
    "counters": "counters:CounterListRecord",
    "devices": "devices:DeviceListRecord",
}
"""Outputs of commands, each with the record that its JSON is, below `convcost.render.records`."""

INPUTS = {
    "config": "convcost.gate.config_tables:config_schema",
    "lock": "convcost.gate.lock_file:lock_schema",
}
"""Files that are read, each with the function that makes its schema."""

NAMES = (*RECORDS, *INPUTS)


def schema_text(name: str) -> str:
    """The schema called `name`, as it is shipped; UsageError if there is none."""
    if name not in NAMES:
        raise unknown_name("no schema is called", name, NAMES)
    return files("convcost.schemas").joinpath("files", f"{name}.json").read_text(encoding="utf-8")
