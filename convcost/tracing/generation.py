"""Run a phase of a language model: the prompt, or one more token with the cache of the prompt.

The cache is whatever object the model itself returns for the prompt.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from inspect import Parameter, signature
from typing import Any, NamedTuple

import torch

from convcost.core.arithmetic import elements
from convcost.core.errors import UsageError
from convcost.core.generation import CachedTensor, GenerationPhase, PhaseRun
from convcost.tracing.module_call import ModuleCall
from convcost.tracing.prompt_inputs import TOKENS
from convcost.tracing.recording.tape import Tape
from convcost.tracing.tensors import is_integral

CACHES = (
    *("cache", "past_key_values", "cache_params", "past_key_value", "kv_cache", "kv_caches", "caches"),
    *("past", "pasts", "past_kv", "layer_past", "state", "states"),
)
"""Usual names of the cache, as an argument of forward and in its output."""

ENCODED = "encoder_last_hidden_state"

HINT = "A phase needs a forward that takes token ids and a cache, and returns the cache, as in transformers."


class ForwardResult(NamedTuple):
    """The call that ran and its output, both without the cache, and the phase if there was one."""

    call: ModuleCall
    output: Any
    generation: PhaseRun | None = None


def run_forward(call: ModuleCall, tape: Tape, phase: GenerationPhase | None) -> ForwardResult:
    """Run the model on its prompt, or for decode on one more token, with only that token on the tape.

    Raises:
        UsageError: The model is not a language model with a cache.
    """
    if phase is None:
        return ForwardResult(call, call.model(*call.args, **call.kwargs))
    model, prompt = call.model, Prompt.from_call(call)
    if phase == "prefill":
        output = model(**prompt.arguments)
        cache = prompt.cache_in(output)
        found = PhaseRun(phase, prompt.context(tape), prompt.tokens(tape), cached_tensors(cache, tape))
        return ForwardResult(ModuleCall(model, (), prompt.arguments), _without_cache(output, cache), found)
    with tape.separate_recording():
        output = model(**prompt.arguments)
        cache = prompt.cache_in(output)
        step = prompt.next_arguments(output)
        found = PhaseRun(phase, prompt.context(tape), prompt.sequences(tape), cached_tensors(cache, tape))
    output = model(**step, **{prompt.cache_name: cache})
    return ForwardResult(ModuleCall(model, (), step), _without_cache(output, prompt.cache_in(output)), found)


class Prompt(NamedTuple):
    """The arguments of forward by name, and the names of its tokens and its cache."""

    model: torch.nn.Module
    parameters: Mapping[str, Parameter]
    arguments: Mapping[str, Any]
    tokens_name: str
    cache_name: str

    @classmethod
    def from_call(cls, call: ModuleCall) -> Prompt:
        """The prompt of a call, with use_cache set; UsageError if forward takes no cache or no tokens."""
        parameters = signature(call.model.forward).parameters
        cache_name = next((name for name in CACHES if name in parameters), "")
        arguments = _bound_arguments(call)
        tokens = next((name for name in (*TOKENS, *arguments) if _are_tokens(arguments.get(name))), "")
        if not cache_name or not tokens:
            problem = "takes no cache" if not cache_name else "has no input of token ids"
            raise UsageError(f"{_forward_of(call.model)} {problem}, so it has no phases", hint=HINT)
        if "use_cache" in parameters:
            arguments["use_cache"] = True
        return cls(call.model, parameters, arguments, tokens, cache_name)

    def _shape(self, tape: Tape) -> tuple[Any, ...]:
        return tape.shape_of(self.arguments[self.tokens_name])

    def context(self, tape: Tape) -> Any:
        """The number of tokens in each sequence."""
        return self._shape(tape)[-1]

    def sequences(self, tape: Tape) -> Any:
        """The number of sequences."""
        return elements(self._shape(tape)[:-1])

    def tokens(self, tape: Tape) -> Any:
        """The number of tokens in all sequences."""
        return elements(self._shape(tape))

    def cache_in(self, output: Any) -> Any:
        """The cache in forward's output: by its name, or the first part of a tuple that contains tensors."""
        names = (self.cache_name, *CACHES)
        if isinstance(output, tuple | list):
            named = {name: getattr(output, name) for name in names if hasattr(output, name)}
            others = (part for part in output[1:] if not isinstance(part, torch.Tensor) and _has_tensor(part))
            cache = next(iter(named.values()), None) or next(others, None)
        else:
            items = output if isinstance(output, Mapping) else getattr(output, "__dict__", {})
            cache = next((items[name] for name in names if items.get(name) is not None), None)
        if cache is None or not _has_tensor(cache):
            raise UsageError(f"{_forward_of(self.model)} returned no cache, so it has no phases", hint=HINT)
        return cache

    def next_arguments(self, output: Any) -> dict[str, Any]:
        """The arguments for one more token, without the cache. Arguments for the prompt only are left out.

        A mask gets a column for the new token. The encoder's output is reused.
        """
        encoded = output.get(ENCODED) if isinstance(output, Mapping) else None
        has_encoder = encoded is not None and "encoder_outputs" in self.parameters
        step = dict(self._arguments_after_prompt())
        if has_encoder:
            step = {
                name: value for name, value in step.items() if name not in {"input_ids", "input_features"}
            }
            step["encoder_outputs"] = (encoded,)
        step[self.tokens_name] = self.arguments[self.tokens_name][..., :1]
        return step

    def _arguments_after_prompt(self) -> Iterator[tuple[str, Any]]:
        tokens = self.arguments[self.tokens_name]
        for name, value in self.arguments.items():
            if not isinstance(value, torch.Tensor):
                yield name, value
            elif name.endswith("attention_mask") and value.shape == tokens.shape:
                yield name, torch.cat([value, value[..., :1]], -1)
            elif name.endswith("attention_mask") or _is_required(self.parameters.get(name)):
                yield name, value


def _bound_arguments(call: ModuleCall) -> dict[str, Any]:
    """The arguments by name, including those of **kwargs."""
    bound = signature(call.model.forward).bind(*call.args, **call.kwargs)
    rest = next(
        (
            name
            for name, parameter in bound.signature.parameters.items()
            if parameter.kind is parameter.VAR_KEYWORD
        ),
        "",
    )
    found = dict(bound.arguments)
    return {**found, **found.pop(rest, {})} if rest else found


def _are_tokens(value: Any) -> bool:
    return isinstance(value, torch.Tensor) and is_integral(value.dtype) and value.ndim > 0


def _is_required(parameter: Parameter | None) -> bool:
    return parameter is not None and parameter.default is Parameter.empty


def _forward_of(model: torch.nn.Module) -> str:
    return f"{type(model).__name__}.forward"


def _has_tensor(cache: Any) -> bool:
    return next(_tensors_in(cache), None) is not None


def _without_cache(output: Any, cache: Any) -> Any:
    """Forward's output without the cache."""
    if isinstance(output, Mapping):
        return {name: part for name, part in output.items() if part is not cache}
    return tuple(part for part in output if part is not cache) if isinstance(output, tuple | list) else output


def cached_tensors(cache: Any, tape: Tape) -> tuple[CachedTensor, ...]:
    """The tensors of a cache, equal ones counted together. Scalars are left out."""
    counts: Counter[CachedTensor] = Counter()
    for name, tensor in _tensors_in(cache):
        dtype = str(tensor.dtype).removeprefix("torch.")
        counts[CachedTensor(name, dtype, tape.shape_of(tensor), tensor.element_size())] += 1
    return tuple(found._replace(occurrences=count) for found, count in counts.items())


def _tensors_in(value: Any) -> Iterator[tuple[str, torch.Tensor]]:
    """The tensors of a cache, each once, with the innermost name on the way to it."""
    seen: set[int] = set()
    waiting: list[tuple[str, Any]] = [("", value)]
    while waiting:
        name, found = waiting.pop()
        if (
            id(found) in seen
            or found is None
            or isinstance(found, int | float | str | type | torch.nn.Module)
        ):
            continue
        seen.add(id(found))
        if isinstance(found, torch.Tensor):
            if found.ndim and found.numel():
                yield name, found
            continue
        parts = _parts(found)
        waiting += [(name if isinstance(key, int) else str(key), part) for key, part in reversed(parts)]


def _parts(value: Any) -> list[tuple[Any, Any]]:
    if isinstance(value, Mapping):
        return list(value.items())
    if isinstance(value, list | tuple | set):
        return list(enumerate(value))
    return list(getattr(value, "__dict__", {}).items())
