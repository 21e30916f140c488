"""LSTM, GRU and RNN: one layer, in one or both directions, by the torch functions of the same names."""

from __future__ import annotations

from typing import Any

import torch

from convcost.core.errors import UsageError
from convcost.tracing.sources.onnx_files.operators.interface import TorchRule
from convcost.tracing.sources.onnx_files.values import NodeCall

FUNCTIONS: dict[str, Any] = {"LSTM": torch.lstm, "GRU": torch.gru, "RNN": torch.rnn_tanh}


def _recurrent(call: NodeCall) -> Any:
    """A recurrent layer on [steps, batch, features], or [batch, steps, features] with `layout` = 1.

    ONNX has the weights of both directions in one tensor, and both biases in another.
    """
    data, weight, hidden, biases = call.tensor(0), call.tensor(1), call.tensor(2), call.optional(3)
    directions, units, batch_first = weight.shape[0], hidden.shape[2], bool(call.get("layout", 0))
    if data.dim() != 3 or directions not in (1, 2):
        raise UsageError("it needs an input [steps, batch, features] and weights for one or two directions")
    params = [part for place in range(directions) for part in _parameters(weight, hidden, biases, place)]
    steps, batch = data.shape[:2] if not batch_first else (data.shape[1], data.shape[0])
    state = data.new_zeros((directions, batch, units))
    states: Any = (state, state) if call.op == "LSTM" else state
    found = FUNCTIONS[call.op](
        data, states, params, biases is not None, 1, 0.0, False, directions == 2, batch_first
    )
    output, *last = found
    if batch_first:
        return output.reshape(batch, steps, directions, units), *(state.transpose(0, 1) for state in last)
    return output.reshape(steps, batch, directions, units).transpose(1, 2), *last


def _parameters(
    weight: torch.Tensor, hidden: torch.Tensor, biases: torch.Tensor | None, place: int
) -> list[torch.Tensor]:
    """The two weights of a direction, then its two biases, in torch's order."""
    matrices = [weight[place], hidden[place]]
    return matrices if biases is None else [*matrices, *biases[place].chunk(2)]


OPERATORS: dict[str, TorchRule] = dict.fromkeys(FUNCTIONS, _recurrent)
