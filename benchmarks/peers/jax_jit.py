"""JAX: forward, loss, gradients and update as one function under ``jax.jit``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.cases import Case
from benchmarks.program import DECAY, MOMENTUM, RATE, Program

Weights = dict[str, jax.Array]
Model = Callable[[Weights, Weights, jax.Array, Any, bool], tuple[jax.Array, Weights]]


def _linear(w: Weights, name: str, x: jax.Array) -> jax.Array:
    return x @ w[f"{name}.weight"].T + w[f"{name}.bias"]


def _gelu(x: jax.Array) -> jax.Array:
    return jax.nn.gelu(x, approximate=False)


def _mlp(w: Weights, buffers: Weights, x: jax.Array, key: Any, train: bool) -> tuple[jax.Array, Weights]:
    return _linear(w, "2", _gelu(_linear(w, "0", x))), buffers


def _batch_norm(w: Weights, buffers: Weights, new: Weights, name: str, x: jax.Array, train: bool) -> jax.Array:
    mean, var = buffers[f"{name}.running_mean"], buffers[f"{name}.running_var"]
    if train:
        mean_now, var_now, n = x.mean(0), x.var(0), len(x)
        new[f"{name}.running_mean"] = 0.9 * mean + 0.1 * mean_now
        new[f"{name}.running_var"] = 0.9 * var + 0.1 * var_now * n / (n - 1)
        mean, var = mean_now, var_now
    return (x - mean) * (jax.lax.rsqrt(var + 1e-5) * w[f"{name}.weight"]) + w[f"{name}.bias"]


def _dropout(x: jax.Array, key: Any) -> jax.Array:
    return x if key is None else jnp.where(jax.random.bernoulli(key, 0.8, x.shape), x / 0.8, 0.0)


def _best(w: Weights, buffers: Weights, x: jax.Array, key: Any, train: bool) -> tuple[jax.Array, Weights]:
    new = dict(buffers)
    first, second = (None, None) if key is None else jax.random.split(key)
    x = _dropout(_gelu(_batch_norm(w, buffers, new, "1", _linear(w, "0", x), train)), first)
    x = x + _linear(w, "4.block.2", _gelu(_linear(w, "4.block.0", x)))
    x = _dropout(_gelu(_batch_norm(w, buffers, new, "5", x, train)), second)
    return _linear(w, "8", x), new


def _convolve(w: Weights, name: str, x: jax.Array) -> jax.Array:
    out = jax.lax.conv_general_dilated(x, w[f"{name}.weight"], (1,), [(2, 2)], dimension_numbers=("NCH", "OIH", "NCH"))
    return out + w[f"{name}.bias"][:, None]


def _convolution(w: Weights, buffers: Weights, x: jax.Array, key: Any, train: bool) -> tuple[jax.Array, Weights]:
    x = jax.nn.relu(_convolve(w, "2", jax.nn.relu(_convolve(w, "0", x))))
    return _linear(w, "5", x.reshape(len(x), -1)), buffers


def _recurrent(w: Weights, buffers: Weights, x: jax.Array, key: Any, train: bool) -> tuple[jax.Array, Weights]:
    state = jnp.zeros((len(x), 64), jnp.float32)
    z = x @ w["rnn.weight_ih_l0"].T + (w["rnn.bias_ih_l0"] + w["rnn.bias_hh_l0"])
    for step in range(8):
        state = jnp.tanh(z[:, step] + state @ w["rnn.weight_hh_l0"].T)
    return _linear(w, "head", state), buffers


def _layer_norm(w: Weights, name: str, x: jax.Array) -> jax.Array:
    centred = x - x.mean(-1, keepdims=True)
    scale = jax.lax.rsqrt((centred * centred).mean(-1, keepdims=True) + 1e-5)
    return centred * scale * w[f"{name}.weight"] + w[f"{name}.bias"]


def _block(w: Weights, name: str, x: jax.Array, causal: bool) -> jax.Array:
    n, t, width = x.shape
    parts = jnp.split(_linear(w, f"{name}qkv", _layer_norm(w, f"{name}norm1", x)), 3, axis=2)
    q, k, v = (part.reshape(n, t, 4, width // 4) for part in parts)
    mixed = jax.nn.dot_product_attention(q, k, v, is_causal=causal).reshape(n, t, width)
    x = x + _linear(w, f"{name}proj", mixed)
    return x + _linear(w, f"{name}down", _gelu(_linear(w, f"{name}up", _layer_norm(w, f"{name}norm2", x))))


def _attention(w: Weights, buffers: Weights, x: jax.Array, key: Any, train: bool) -> tuple[jax.Array, Weights]:
    return _linear(w, "head", _block(w, "block.", x, False).mean(1)), buffers


def _gpt(w: Weights, buffers: Weights, codes: jax.Array, key: Any, train: bool) -> tuple[jax.Array, Weights]:
    x = w["tokens.weight"][codes] + w["positions.weight"][: codes.shape[1]]
    for layer in range(4):
        x = _block(w, f"blocks.{layer}.", x, True)
    return _linear(w, "head", _layer_norm(w, "norm", x)).reshape(-1, 65), buffers


_MODELS: dict[str, Model] = {
    "W1": _mlp, "W2": _best, "W3": _convolution, "W4": _recurrent, "W5": _attention, "W6": _gpt, "W8": _best,
}  # fmt: skip


def _sgd(w: Weights, g: Weights, state: Any) -> tuple[Weights, Any]:
    g = {name: g[name] + DECAY * w[name] for name in w}
    state = {name: MOMENTUM * state[name] + g[name] for name in w}
    return {name: w[name] - RATE * state[name] for name in w}, state


def _adamw(w: Weights, g: Weights, state: Any) -> tuple[Weights, Any]:
    first, second, count = state
    count = count + 1
    first = {name: 0.9 * first[name] + 0.1 * g[name] for name in w}
    second = {name: 0.999 * second[name] + 0.001 * g[name] * g[name] for name in w}
    scale, root = 3e-4 / (1 - 0.9**count), jnp.sqrt(1 - 0.999**count)
    new = {n: w[n] * (1 - 3e-4 * 0.01) - scale * first[n] / (jnp.sqrt(second[n]) / root + 1e-8) for n in w}
    return new, (first, second, count)


def build(case: Case) -> Program:
    model = _MODELS[case.family]
    weights = {name: jnp.asarray(array) for name, array in case.weights.items()}
    buffers = {name: jnp.asarray(array) for name, array in case.buffers.items()}
    inputs, targets = jnp.asarray(case.inputs), jnp.asarray(case.targets.reshape(-1))
    if case.family == "W8":
        return _inference(model, weights, buffers, inputs, case.batch)

    def loss_of(w: Weights, buffers: Weights, key: Any) -> tuple[jax.Array, Weights]:
        logits, buffers = model(w, buffers, inputs, key, True)
        logs = jax.nn.log_softmax(logits)
        return -jnp.take_along_axis(logs, targets[:, None], 1).mean(), buffers

    differentiate = jax.value_and_grad(loss_of, has_aux=True)
    zeros = {name: jnp.zeros_like(array) for name, array in weights.items()}
    update, moments = (_adamw, (zeros, dict(zeros), jnp.zeros(()))) if case.family == "W6" else (_sgd, zeros)

    @jax.jit
    def train(w: Weights, buffers: Weights, moments: Any, key: Any) -> Any:
        key, used = jax.random.split(key)
        (loss, buffers), g = differentiate(w, buffers, used if case.family == "W2" else None)
        return loss, update(w, g, moments), buffers, key

    carried = [weights, buffers, moments, jax.random.key(0)]

    def step() -> Any:
        loss, (carried[0], carried[2]), carried[1], carried[3] = train(*carried)
        return jax.block_until_ready((loss, carried))[0]

    def check() -> tuple[float, dict[str, np.ndarray[Any, Any]]]:
        (loss, _), g = differentiate(weights, buffers, None)
        return float(loss), {name: np.asarray(array) for name, array in g.items()}

    return Program(check, step)


def _inference(model: Model, weights: Weights, buffers: Weights, inputs: jax.Array, batch: int) -> Program:
    # Slices are taken from a NumPy array: slicing a JAX array costs more than the model at a batch of 32.
    rows = np.asarray(inputs)
    run = jax.jit(lambda w, buffers, x: model(w, buffers, x, None, False)[0])

    def step() -> Any:
        if batch >= len(rows):
            return jax.block_until_ready(run(weights, buffers, inputs))
        parts = [run(weights, buffers, rows[start : start + batch]) for start in range(0, len(rows), batch)]
        return jax.block_until_ready(parts)

    def check() -> tuple[float, dict[str, np.ndarray[Any, Any]]]:
        logits = np.asarray(run(weights, buffers, rows[:batch]))
        return float(logits.mean()), {"logits": logits}

    return Program(check, step, compiles_in_check=True)
