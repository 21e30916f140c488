"""The declared inputs of a language model, for a phase of generating text: their tokens are the prompt."""

from __future__ import annotations

from typing import NamedTuple

from convcost.core.errors import UsageError, did_you_mean
from convcost.core.generation import GENERATION_PHASES, GenerationPhase
from convcost.core.units import parse_count
from convcost.tracing.declared_inputs import DeclaredInputs, DeclaredTensor

TOKENS = ("decoder_input_ids", "input_ids")
"""What forward calls the tokens that its cache is of; else they are its first input of integers."""

OPEN_BATCH = "B"
"""What the number of sequences is called where it stays open."""

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
        raise UsageError(f"the context is {context} tokens; it must be at least 1")
    return context


def with_context(
    inputs: DeclaredInputs, context: int | str | None, are_assumed: bool = False
) -> DeclaredInputs:
    """`inputs` with so many tokens in each sequence, those of a plain language model where there are none.

    What has the shape of the tokens, such as a mask, keeps it. Where inputs are assumed, the context comes
    before their own number of tokens, and one that stays open leaves the batch open too. Raises UsageError
    where declared tokens have another number already, or are not to be found.
    """
    if not inputs.all:
        return DeclaredInputs((_plain_prompt(context),))
    of_tokens, tokens = _tokens(inputs)
    if context is None:
        return inputs
    before = tokens.shape[-1]
    if not are_assumed and isinstance(before, int) and before != context:
        which = f"the input {of_tokens}" if of_tokens else "the input"
        message = f"{which} has {before} tokens, and the context is {context}"
        raise UsageError(message, hint="Give only one of them.")

    def changed(name: str, declared: DeclaredTensor) -> DeclaredTensor:
        shape = declared.shape
        if _is_of_prompt(name, declared, of_tokens, tokens):
            shape = (*shape[:-1], context)
        if are_assumed and isinstance(context, str) and shape[:1] == tokens.shape[:1]:
            shape = (OPEN_BATCH, *shape[1:])
        return declared._replace(shape=shape)

    args = tuple(changed("", each) for each in inputs.args)
    return DeclaredInputs(args, {name: changed(name, each) for name, each in inputs.kwargs.items()})


def without_prompt(inputs: DeclaredInputs) -> DeclaredInputs:
    """The inputs by name that a context says nothing of: those of an encoder."""
    prompt = _tokens(inputs)
    return DeclaredInputs(
        (), {name: each for name, each in inputs.kwargs.items() if not _is_of_prompt(name, each, *prompt)}
    )


def _is_of_prompt(name: str, declared: DeclaredTensor, of_tokens: str, tokens: DeclaredTensor) -> bool:
    """Whether an input is the `tokens` of the prompt, or has their shape as a mask has."""
    return declared.shape == tokens.shape and _is_of_decoder(name) == _is_of_decoder(of_tokens)


def _is_of_decoder(name: str) -> bool:
    return name.startswith("decoder_")


def _plain_prompt(context: int | str | None) -> DeclaredTensor:
    if context is None:
        raise UsageError(
            "a phase needs a context, the number of tokens",
            hint="For example, context=4096.",
            cli_hint="For example, --context 4096.",
        )
    return DeclaredTensor("int64", (OPEN_BATCH if isinstance(context, str) else 1, context))


def prompt_text(request: PhaseRequest) -> str:
    """The tokens of a plain language model, as an input is declared."""
    dtype, (batch, context) = _plain_prompt(request.context)
    return f"{dtype}[{batch},{context}]"


def _tokens(inputs: DeclaredInputs) -> tuple[str, DeclaredTensor]:
    """The input that is of token ids, with its name if it has one."""
    named = ((name, inputs.kwargs[name]) for name in TOKENS if name in inputs.kwargs)
    all_inputs = (*(("", each) for each in inputs.args), *inputs.kwargs.items())
    integers = ((name, each) for name, each in all_inputs if _holds_integers(each) and each.shape)
    name, found = next(named, None) or next(integers, None) or ("", None)
    if found is None or not found.shape:
        raise UsageError(
            "a phase needs an input of token ids",
            hint='For example, input_ids="i64[1,4096]".',
            cli_hint='For example, --input "input_ids=i64[1,4096]".',
        )
    return name, found


def _holds_integers(declared: DeclaredTensor) -> bool:
    return declared.dtype.startswith(("int", "uint"))
