"""HIPS autograd: plain NumPy code, ``value_and_grad``, SGD by hand."""

from __future__ import annotations

from typing import Any

import autograd.numpy as np
import numpy
from autograd import value_and_grad
from autograd.scipy.special import erf

from benchmarks.cases import Case
from benchmarks.program import Program, descend

Weights = dict[str, Any]
_HALF_ROOT = numpy.float32(0.5**0.5)


def _gelu(x: Any) -> Any:
    return numpy.float32(0.5) * x * (1 + erf(x * _HALF_ROOT))


def _linear(w: Weights, name: str, x: Any) -> Any:
    return np.dot(x, w[f"{name}.weight"].T) + w[f"{name}.bias"]


def _cross_entropy(logits: Any, targets: Any) -> Any:
    shifted = logits - np.max(logits, axis=1, keepdims=True)
    logs = shifted - np.log(np.sum(np.exp(shifted), axis=1, keepdims=True))
    return -np.mean(logs[numpy.arange(len(targets)), targets])


def _batch_norm(w: Weights, buffers: Weights, name: str, x: Any) -> Any:
    mean = np.mean(x, axis=0)
    centred = x - mean
    var = np.mean(centred * centred, axis=0)
    _track(buffers, name, mean, var, len(x))
    return centred / np.sqrt(var + numpy.float32(1e-5)) * w[f"{name}.weight"] + w[f"{name}.bias"]


def _track(buffers: Weights, name: str, mean: Any, var: Any, n: int) -> None:
    for key, now in (("mean", mean), ("var", var * (n / (n - 1)))):
        value = getattr(now, "_value", now)
        buffers[f"{name}.running_{key}"] += 0.1 * (value - buffers[f"{name}.running_{key}"])


def _dropout(x: Any, rng: Any) -> Any:
    if rng is None:
        return x
    mask = rng.random(x.shape, dtype=numpy.float32) < 0.8
    return x * (mask / numpy.float32(0.8))


def _convolve(w: Weights, name: str, x: Any) -> Any:
    """A convolution of 5 positions as a product with the windows, channels of a window in the order of shifts."""
    out, wide, taps = w[f"{name}.weight"].shape
    padded = np.concatenate([zeros := numpy.zeros((*x.shape[:2], 2), numpy.float32), x, zeros], axis=2)
    windows = np.concatenate([padded[:, :, tap : tap + x.shape[2]] for tap in range(taps)], axis=1)
    weight = np.reshape(np.transpose(w[f"{name}.weight"], (0, 2, 1)), (out, taps * wide))
    return np.matmul(weight, windows) + np.reshape(w[f"{name}.bias"], (-1, 1))


def _relu(x: Any) -> Any:
    # The gradients of np.maximum and np.where would be float64.
    return x * (getattr(x, "_value", x) > 0)


def _convolution(w: Weights, x: Any) -> Any:
    x = _relu(_convolve(w, "2", _relu(_convolve(w, "0", x))))
    return _linear(w, "5", np.reshape(x, (len(x), -1)))


def _recurrent(w: Weights, x: Any) -> Any:
    state = numpy.zeros((len(x), 64), numpy.float32)
    z = np.dot(x, w["rnn.weight_ih_l0"].T) + (w["rnn.bias_ih_l0"] + w["rnn.bias_hh_l0"])
    for step in range(8):
        state = np.tanh(z[:, step] + np.dot(state, w["rnn.weight_hh_l0"].T))
    return _linear(w, "head", state)


def _logits(case: Case, w: Weights, buffers: Weights, rng: Any) -> Any:
    if case.family == "W1":
        return _linear(w, "2", _gelu(_linear(w, "0", case.inputs)))
    if case.family == "W3":
        return _convolution(w, case.inputs)
    if case.family == "W4":
        return _recurrent(w, case.inputs)
    x = _dropout(_gelu(_batch_norm(w, buffers, "1", _linear(w, "0", case.inputs))), rng)
    x = x + _linear(w, "4.block.2", _gelu(_linear(w, "4.block.0", x)))
    x = _dropout(_gelu(_batch_norm(w, buffers, "5", x)), rng)
    return _linear(w, "8", x)


def build(case: Case) -> Program:
    if case.family == "W7":
        return _scalars(case)
    weights = {name: array.copy() for name, array in case.weights.items()}
    buffers = {name: array.copy() for name, array in case.buffers.items()}
    momenta: Weights = {}
    rng = numpy.random.default_rng(0)
    differentiate = value_and_grad(lambda w, rng: _cross_entropy(_logits(case, w, buffers, rng), case.targets))

    def step() -> Any:
        loss, g = differentiate(weights, rng)
        descend(weights, momenta, [g[name] for name in weights])
        return loss

    def check() -> tuple[float, Weights]:
        loss, g = differentiate(weights, None)
        return float(loss), g

    return Program(check, step)


def _scalars(case: Case) -> Program:
    names = list(case.weights)
    shapes = [case.weights[name].shape for name in names]
    values = [float(v) for name in names for v in case.weights[name].reshape(-1)]
    samples, targets = case.inputs.tolist(), case.targets.tolist()

    def loss_of(*numbers: Any) -> Any:
        rest = iter(numbers)
        layers = []
        for weight, bias in zip(shapes[::2], shapes[1::2], strict=True):
            rows = [[next(rest) for _ in range(weight[1])] for _ in range(weight[0])]
            layers.append(list(zip(rows, [next(rest) for _ in range(bias[0])], strict=True)))
        loss = 0.0
        for sample, target in zip(samples, targets, strict=True):
            x = sample
            for number, layer in enumerate(layers):
                outs = []
                for row, bias in layer:
                    out = bias
                    for w, v in zip(row, x, strict=True):
                        out = out + w * v
                    outs.append(out if number == 2 else np.tanh(out))
                x = outs
            error = x[0] - target
            loss = loss + error * error
        return loss

    differentiate = value_and_grad(loss_of, argnum=tuple(range(len(values))))
    flat = {"": numpy.array(values)}
    momenta: Weights = {}

    def step() -> Any:
        loss, g = differentiate(*flat[""].tolist())
        descend(flat, momenta, [numpy.array(g)])
        return loss

    def check() -> tuple[float, Weights]:
        loss, g = differentiate(*values)
        parts = numpy.split(numpy.array(g), numpy.cumsum([numpy.prod(shape) for shape in shapes])[:-1])
        return float(loss), {n: part.reshape(s) for n, part, s in zip(names, parts, shapes, strict=True)}

    return Program(check, step)
