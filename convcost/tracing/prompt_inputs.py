"""The declared inputs of a language model, for a phase of generating text: their tokens are the prompt."""

from __future__ import annotations

from typing import NamedTuple

from convcost.core.errors import UsageError, did_you_mean
from convcost.core.generation import GENERATION_PHASES, GenerationPhase
from convcost.core.units import parse_count
from convcost.tracing.declared_inputs import DeclaredInputs, DeclaredTensor

TOKENS = ("decoder_input_ids", "input_ids")
"""What forward calls the tokens that its cache is of; else they are its first input of integers."""

PHASE_HINT = "prefill runs the whole prompt, decode one more token with the prompt in the cache."


class PhaseRequest(NamedTuple):
    """A phase, and how many tokens the prompt has: a number, or the name of a size that stays open."""

    phase: GenerationPhase
    context: int | str | None = None


def parse_phase(text: str) -> GenerationPhase:
    """The phase called so; UsageError if there is none."""
    name = text.strip().lower()
    for phase in GENERATION_PHASES:
        if phase == name:
            return phase
    raise UsageError(
        f"no phase is called {text[:40]}{did_you_mean(name, GENERATION_PHASES)}", hint=PHASE_HINT
    )


def parse_context(text: str) -> int | str:
    """A number of tokens, such as 4096, or the name of a size."""
    name = text.strip()
    return name if name.isidentifier() and name.isascii() else check_context(parse_count(name, "--context"))


def check_context(context: int) -> int:
    """UsageError for less than a token."""
    if context < 1:
        raise UsageError(f"the context is {context} tokens; at least 1 is needed")
    return context


def with_context(inputs: DeclaredInputs, context: int | str | None) -> DeclaredInputs:
    """`inputs` with so many tokens in each sequence, those of a plain language model where there are none.

    Without a number its batch stays open too. What has the shape of the tokens, such as a mask, keeps it.
    Raises UsageError where the tokens have another number already, or are not to be found.
    """
    if not inputs.all:
        return DeclaredInputs((_plain_prompt(context),))
    tokens = _tokens(inputs)
    if context is None:
        return inputs
    before = tokens.shape[-1]
    if isinstance(before, int) and before != context:
        message = f"the input has {before} tokens, and the context is {context}"
        raise UsageError(message, hint="Give one of them.")

    def changed(declared: DeclaredTensor) -> DeclaredTensor:
        is_alike = declared.shape == tokens.shape
        return declared._replace(shape=(*declared.shape[:-1], context)) if is_alike else declared

    args = tuple(map(changed, inputs.args))
    return DeclaredInputs(args, {name: changed(each) for name, each in inputs.kwargs.items()})


def _plain_prompt(context: int | str | None) -> DeclaredTensor:
    if context is None:
        raise UsageError(
            "a phase needs the number of tokens", hint="Such as --context 4096, or context=4096."
        )
    return DeclaredTensor("int64", ("B" if isinstance(context, str) else 1, context))


def prompt_text(request: PhaseRequest) -> str:
    """The tokens of a plain language model, as an input is declared."""
    dtype, (batch, context) = _plain_prompt(request.context)
    return f"{dtype}[{batch},{context}]"


def _tokens(inputs: DeclaredInputs) -> DeclaredTensor:
    named = (inputs.kwargs[name] for name in TOKENS if name in inputs.kwargs)
    integers = (each for each in inputs.all if _holds_integers(each) and each.shape)
    found = next(named, None) or next(integers, None)
    if found is None or not found.shape:
        raise UsageError("no input is of token ids", hint='Such as --input "input_ids=i64[1,4096]".')
    return found


def _holds_integers(declared: DeclaredTensor) -> bool:
    return declared.dtype.startswith(("int", "uint"))
