"""The encoders of next-item models with NumPy alone: what PyTorch trained, read for serving.

Each takes the weights by the names that the module gives them, and gives of events x [b, T, d] at times [b, T] what the
model says after the last of them, [b, d].
"""

import math
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.special import erf, expit

from infrastructure.learning.features import Floats
from infrastructure.learning.next_item.events import time_levels

Weights = Mapping[str, Floats]
Times = NDArray[np.int64]
Encoder = Callable[[Weights, Floats, Times], Floats]

#: what PyTorch's LayerNorm adds to a variance
EPSILON = 1e-5


def softmax_attention(weights: Weights, x: Floats, times: Times, heads: int) -> Floats:
    """As `modules.SelfAttention`."""
    steps = x.shape[1]
    x = x + weights["encoder.places"][:steps]
    future = np.triu(np.full((steps, steps), -np.inf, dtype=np.float32), 1)
    for block, asked in blocks_of(weights, steps):
        normed = norm(weights, f"{block}.attention_norm", x)
        queries, keys, values = by_head(linear(weights, f"{block}.queries_keys_values", normed), 3, heads)
        closeness = queries[:, :, asked] @ keys.swapaxes(-1, -2) / np.float32(math.sqrt(keys.shape[-1]))
        closeness += future[asked]
        np.exp(closeness - closeness.max(axis=-1, keepdims=True), out=closeness)
        seen = (closeness / closeness.sum(axis=-1, keepdims=True)) @ values
        x = x[:, asked] + linear(weights, f"{block}.mixed", joined(seen))
        wide = linear(weights, f"{block}.widen", norm(weights, f"{block}.network_norm", x))
        x = x + linear(weights, f"{block}.narrow", gelu(wide))
    return np.asarray(x[:, -1])


def pointwise_attention(weights: Weights, x: Floats, times: Times, heads: int) -> Floats:
    """As `modules.PointwiseAttention`."""
    steps = x.shape[1]
    places = np.arange(steps)
    distances = np.maximum(places[:, None] - places, 0)
    past = places[:, None] >= places
    spans = time_levels(times[:, :, None] - times[:, None, :])
    x = x + weights["encoder.places"][:steps]
    for block, asked in blocks_of(weights, steps):
        shares = silu(linear(weights, f"{block}.gates_values_queries_keys", norm(weights, f"{block}.input_norm", x)))
        gates, values, queries, keys = by_head(shares, 4, heads)
        closeness = queries[:, :, asked] @ keys.swapaxes(-1, -2) / np.float32(math.sqrt(keys.shape[-1]))
        closeness += weights[f"{block}.by_distance"][:, distances[asked]]
        closeness += weights[f"{block}.by_time"][spans[:, asked]].transpose(0, 3, 1, 2)
        seen = norm(weights, f"{block}.seen_norm", joined((silu(closeness) * past[asked]) @ values))
        x = x[:, asked] + linear(weights, f"{block}.mixed", seen * joined(gates[:, :, asked]))
    return np.asarray(x[:, -1])


def gru(weights: Weights, x: Floats, times: Times) -> Floats:
    """As `modules.Recurrent` of GRU cells."""
    hidden = np.zeros((len(x), x.shape[2]), dtype=np.float32)
    inputs = x @ weights["encoder.cells.weight_ih_l0"].T + weights["encoder.cells.bias_ih_l0"]
    for step in range(x.shape[1]):
        reset_in, update_in, new_in = np.split(inputs[:, step], 3, axis=-1)
        recurrent = hidden @ weights["encoder.cells.weight_hh_l0"].T + weights["encoder.cells.bias_hh_l0"]
        reset, update, new = np.split(recurrent, 3, axis=-1)
        kept = expit(update_in + update)
        hidden = (1.0 - kept) * np.tanh(new_in + expit(reset_in + reset) * new) + kept * hidden
    return hidden


def lstm(weights: Weights, x: Floats, times: Times) -> Floats:
    """As `modules.Recurrent` of LSTM cells."""
    hidden = cell = np.zeros((len(x), x.shape[2]), dtype=np.float32)
    inputs = x @ weights["encoder.cells.weight_ih_l0"].T + weights["encoder.cells.bias_ih_l0"]
    for step in range(x.shape[1]):
        recurrent = hidden @ weights["encoder.cells.weight_hh_l0"].T + weights["encoder.cells.bias_hh_l0"]
        let_in, kept, new, let_out = np.split(inputs[:, step] + recurrent, 4, axis=-1)
        cell = expit(kept) * cell + expit(let_in) * np.tanh(new)
        hidden = expit(let_out) * np.tanh(cell)
    return hidden


def blocks_of(weights: Weights, steps: int) -> list[tuple[str, slice]]:
    """Names of the blocks in order, each with the places it must tell of: all, but in the last block the last alone."""
    count = len({name.split(".")[2] for name in weights if name.startswith("encoder.blocks.")})
    names = [f"encoder.blocks.{block}" for block in range(count)]
    return [(name, slice(steps - 1 if name == names[-1] else 0, steps)) for name in names]


def norm(weights: Weights, name: str, x: Floats) -> Floats:
    """Layer norm over the last axis."""
    centred = x - x.mean(axis=-1, keepdims=True)
    scale = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + np.float32(EPSILON))
    return np.asarray(centred / scale * weights[f"{name}.weight"] + weights[f"{name}.bias"])


def linear(weights: Weights, name: str, x: Floats) -> Floats:
    """A linear layer, its weights as PyTorch keeps them."""
    return np.asarray(x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"])


def silu(x: Floats) -> Floats:
    """The sigmoid linear unit, x · sigmoid(x)."""
    return np.asarray(x * expit(x))


def gelu(x: Floats) -> Floats:
    """The Gaussian error linear unit, exactly and not by its usual approximation."""
    return np.asarray(x * 0.5 * (1.0 + erf(x * np.float32(math.sqrt(0.5)))), dtype=np.float32)


def by_head(x: Floats, parts: int, heads: int) -> list[Floats]:
    """`parts` arrays [b, h, T, d / h] of one [b, T, parts · d]."""
    batch, steps, width = x.shape
    return list(x.reshape(batch, steps, parts, heads, width // parts // heads).transpose(2, 0, 3, 1, 4))


def joined(x: Floats) -> Floats:
    """[b, T, d] of [b, h, T, d / h]."""
    batch, heads, steps, width = x.shape
    return x.transpose(0, 2, 1, 3).reshape(batch, steps, heads * width)
