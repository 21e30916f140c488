"""The phases of text generation, from `--phase` and `--context`."""

from __future__ import annotations

from convcost.cli.options import MemoryOptions, ModuleOptions, TimingOptions
from convcost.core.errors import UsageError
from convcost.tracing.prompt_inputs import PhaseRequest, parse_context, parse_phase


def phase_requests(modules: ModuleOptions) -> tuple[PhaseRequest | None, ...]:
    """The phases to run; None stands for a plain forward."""
    if modules.context_length and not modules.phase:
        hint = "For example, --phase decode --context 4096."
        raise UsageError("--context needs --phase prefill or --phase decode", hint=hint)
    if not modules.phase:
        return (None,)
    context = parse_context(modules.context_length, "--context") if modules.context_length else None
    phases = dict.fromkeys(map(parse_phase, modules.phase.split(",")))
    return tuple(PhaseRequest(phase, context) for phase in phases)


def check_phases(modules: ModuleOptions, timing: TimingOptions, memory: MemoryOptions) -> None:
    """UsageError for options that a requested phase does not support."""
    phases = [request.phase for request in phase_requests(modules) if request]
    unknown = {
        "--backward": timing.backward,
        "--time": timing.time and "decode" in phases,
        "--memory": memory.memory and "decode" in phases,
    }
    for option in (name for name, is_given in unknown.items() if phases and is_given):
        raise UsageError(
            f"{option} can't be combined with --phase {modules.phase}", hint="Leave one of them out."
        )
