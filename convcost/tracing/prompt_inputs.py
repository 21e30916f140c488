"""The declared inputs of a language model for a phase; their tokens are the prompt."""

from __future__ import annotations

from typing import NamedTuple

from convcost.core.errors import UsageError, did_you_mean
from convcost.core.generation import GENERATION_PHASES, GenerationPhase
from convcost.core.units import count_error, parse_count, plural
from convcost.tracing.declared_inputs import DeclaredInputs, DeclaredTensor

TOKENS = ("decoder_input_ids", "input_ids")
"""Usual names of the input with the prompt's tokens. By default, it is the first integer input."""

OPEN_BATCH = "B"
"""The name of an open number of sequences."""

PHASE_HINT = "prefill runs the whole prompt; decode runs one more token with the prompt in the cache."


class PhaseRequest(NamedTuple):
    """A phase, and the number of tokens in the prompt: a number, or the name of an open size."""

    phase: GenerationPhase
    context: int | str | None = None


def parse_phase(text: str) -> GenerationPhase:
    """The phase with this name; UsageError if there is none."""
    name = text.strip().lower()
    for phase in GENERATION_PHASES:
        if phase == name:
            return phase
    raise UsageError(
        f"no phase is called {text[:40]}{did_you_mean(name, GENERATION_PHASES)}", hint=PHASE_HINT
    )


def parse_context(text: str, option: str = "context") -> int | str:
    """A number of tokens, such as 4096, or the name of an open size; an error names the option."""
    name = text.strip()
    return name if name.isidentifier() and name.isascii() else parse_count(name, option, least=1)


def check_context(context: int) -> int:
    """The context; UsageError if it is less than 1."""
    if context < 1:
        raise count_error("context", context, 1)
    return context


def with_context(
    inputs: DeclaredInputs, context: int | str | None, are_assumed: bool = False
) -> DeclaredInputs:
    """`inputs` with `context` tokens in each sequence; without inputs, those of a plain language model.

    Inputs with the shape of the tokens, such as a mask, are changed too. For assumed inputs, the context
    overrides their number of tokens, and an open context leaves the batch size open too.

    Raises:
        UsageError: Declared tokens have another number, or no input has tokens.
    """
    if not inputs.all:
        return DeclaredInputs((_plain_prompt(context),))
    of_tokens, tokens = _tokens(inputs)
    if context is None:
        return inputs
    before = tokens.shape[-1]
    if not are_assumed and isinstance(before, int) and before != context:
        which = f"the input {of_tokens}" if of_tokens else "the input"
        message = f"{which} has {before} {plural(before, 'token')}, but the context is {context}"
        raise UsageError(
            message, hint="The input of a phase is its prompt: give it all tokens of the context."
        )

    def changed(name: str, declared: DeclaredTensor) -> DeclaredTensor:
        shape = declared.shape
        if _is_of_prompt(name, declared, of_tokens, tokens):
            shape = (*shape[:-1], context)
        if are_assumed and isinstance(context, str) and shape[:1] == tokens.shape[:1]:
            shape = (OPEN_BATCH, *shape[1:])
        return declared._replace(shape=shape)

    args = tuple(changed("", declared) for declared in inputs.args)
    return DeclaredInputs(args, {name: changed(name, each) for name, each in inputs.kwargs.items()})


def without_prompt(inputs: DeclaredInputs) -> DeclaredInputs:
    """The inputs by name that don't depend on the context, such as those of an encoder."""
    prompt = _tokens(inputs)
    return DeclaredInputs(
        (), {name: each for name, each in inputs.kwargs.items() if not _is_of_prompt(name, each, *prompt)}
    )


def _is_of_prompt(name: str, declared: DeclaredTensor, of_tokens: str, tokens: DeclaredTensor) -> bool:
    """Whether an input is the prompt's `tokens`, or has their shape, as a mask has."""
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
    """The declaration of a plain language model's tokens."""
    dtype, (batch, context) = _plain_prompt(request.context)
    return f"{dtype}[{batch},{context}]"


def _tokens(inputs: DeclaredInputs) -> tuple[str, DeclaredTensor]:
    """The input of token ids, and its name if it has one."""
    named = ((name, inputs.kwargs[name]) for name in TOKENS if name in inputs.kwargs)
    all_inputs = (*(("", declared) for declared in inputs.args), *inputs.kwargs.items())
    integers = (
        (name, declared) for name, declared in all_inputs if _holds_integers(declared) and declared.shape
    )
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
