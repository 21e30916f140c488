"""Every hostile module by its name, which begins with what its forward changes."""

from tracing import (
    hostile_errors,
    hostile_inputs,
    hostile_module,
    hostile_objects,
    hostile_process,
    hostile_state,
)

CASES = {
    **hostile_state.CASES,
    **hostile_module.CASES,
    **hostile_process.CASES,
    **hostile_inputs.CASES,
    **hostile_errors.CASES,
    **hostile_objects.CASES,
}

QUICK = [*hostile_state.QUICK, *(case for case in CASES if case not in hostile_state.CASES)]
"""Every place, act, setting, input and error at least once."""
