"""The weights and the batch of a workload, as arrays made once and handed to every peer."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["FAMILIES", "NAMES", "ROWS", "Case", "make", "select"]

Array = np.ndarray[Any, Any]

#: Rows that W8 runs through the model, whatever the size of a batch.
ROWS = 50_000

#: What each workload is.
FAMILIES = {
    "W1": "Linear(128,128)-GELU(erf)-Linear(128,10)-cross entropy",
    "W2": "the report's best model (168,202 parameters, dropout 0.2)",
    "W3": "Conv1d(1,16,5)-ReLU-Conv1d(16,32,5)-ReLU-Linear(4096,10) on (B,1,128)",
    "W4": "Elman RNN(16,64), 8 steps, Linear",
    "W5": "attention block: B x 128 tokens x 16, 4 heads, LayerNorm, MLP",
    "W6": "GPT: 4 layers, 4 heads, d 128, T 64, vocabulary 65, AdamW",
    "W7": "scalar graph in 0-d tensors: a 2-16-16-1 MLP, about 640 operations a sample",
    "W8": f"the best model in eval, {ROWS:,} rows in batches of B",
}

#: The workloads and batches of the table; any other batch may be asked for.
NAMES = (
    "W1-32", "W1-200", "W2-32", "W2-256", "W2-2048", "W3-32", "W4-32", "W5-32", "W6-8", "W7-8", "W8-50000", "W8-32",
)  # fmt: skip


@dataclass
class Case:
    """A workload: its name such as ``W2-32``, weights and buffers by PyTorch's names, and one batch."""

    name: str
    inputs: Array
    targets: Array
    weights: dict[str, Array] = field(default_factory=dict)
    buffers: dict[str, Array] = field(default_factory=dict)

    @property
    def family(self) -> str:
        return self.name.partition("-")[0]

    @property
    def batch(self) -> int:
        return int(self.name.partition("-")[2])

    def save(self, folder: str | None = None) -> Path:
        """Write an ``.npz`` that `load` reads."""
        with tempfile.NamedTemporaryFile(suffix=".npz", dir=folder, delete=False) as file:
            arrays = {f"weights/{key}": value for key, value in self.weights.items()}
            arrays |= {f"buffers/{key}": value for key, value in self.buffers.items()}
            np.savez(file, name=np.array(self.name), inputs=self.inputs, targets=self.targets, **arrays)  # type: ignore[arg-type]
        return Path(file.name)

    @classmethod
    def load(cls, path: str | Path) -> Case:
        with np.load(path) as file:
            case = cls(str(file["name"]), file["inputs"], file["targets"])
            for key in file.files:
                kind, _, name = key.partition("/")
                if name:
                    getattr(case, kind)[name] = file[key]
        return case


def select(text: str) -> list[str]:
    """The workloads that ``all``, ``W2``, ``W2-32,W4`` or ``W1-64`` names."""
    if text == "all":
        return list(NAMES)
    chosen: list[str] = []
    for part in text.split(","):
        family, dash, batch = part.partition("-")
        if family not in FAMILIES or (dash and not (batch.isdigit() and int(batch) > 0)):
            raise SystemExit(f"unknown workload {part!r}: one of {', '.join(NAMES)}, a family such as W2, or all")
        chosen += [part] if dash else [name for name in NAMES if name.startswith(family + "-")]
    return list(dict.fromkeys(chosen))


def make(name: str) -> Case:
    """The arrays of a workload; the same for the same name."""
    family, _, batch = name.partition("-")
    return _MAKERS[family](name, int(batch), np.random.default_rng([5329, int(family[1:])]))


def _linear(rng: np.random.Generator, weights: dict[str, Array], name: str, fan_in: int, *shape: int) -> None:
    """A weight of `shape` and its bias, uniform as PyTorch's layers begin."""
    bound = 1 / math.sqrt(fan_in)
    weights[f"{name}weight"] = rng.uniform(-bound, bound, shape).astype(np.float32)
    weights[f"{name}bias"] = rng.uniform(-bound, bound, shape[0]).astype(np.float32)


def _norm(rng: np.random.Generator, weights: dict[str, Array], name: str, width: int) -> None:
    weights[f"{name}.weight"] = rng.uniform(0.5, 1.5, width).astype(np.float32)
    weights[f"{name}.bias"] = rng.uniform(-0.5, 0.5, width).astype(np.float32)


def _normal(rng: np.random.Generator, *shape: int) -> Array:
    return rng.standard_normal(shape, dtype=np.float32)


def _mlp(name: str, batch: int, rng: np.random.Generator) -> Case:
    case = Case(name, _normal(rng, batch, 128), rng.integers(0, 10, batch))
    _linear(rng, case.weights, "0.", 128, 128, 128)
    _linear(rng, case.weights, "2.", 128, 10, 128)
    return case


def _best(name: str, batch: int, rng: np.random.Generator) -> Case:
    rows = ROWS if name.startswith("W8") else batch
    case = Case(name, _normal(rng, rows, 128), rng.integers(0, 10, rows))
    _linear(rng, case.weights, "0.", 128, 256, 128)
    _norm(rng, case.weights, "1", 256)
    _linear(rng, case.weights, "4.block.0.", 256, 256, 256)
    _linear(rng, case.weights, "4.block.2.", 256, 256, 256)
    _norm(rng, case.weights, "5", 256)
    _linear(rng, case.weights, "8.", 256, 10, 256)
    for layer in ("1", "5"):
        case.buffers[f"{layer}.running_mean"] = _normal(rng, 256)
        case.buffers[f"{layer}.running_var"] = rng.uniform(0.5, 1.5, 256).astype(np.float32)
    return case


def _convolution(name: str, batch: int, rng: np.random.Generator) -> Case:
    case = Case(name, _normal(rng, batch, 1, 128), rng.integers(0, 10, batch))
    _linear(rng, case.weights, "0.", 5, 16, 1, 5)
    _linear(rng, case.weights, "2.", 80, 32, 16, 5)
    _linear(rng, case.weights, "5.", 4096, 10, 4096)
    return case


def _recurrent(name: str, batch: int, rng: np.random.Generator) -> Case:
    case = Case(name, _normal(rng, batch, 8, 16), rng.integers(0, 10, batch))
    bound = 1 / math.sqrt(64)
    shapes = {"weight_ih_l0": (64, 16), "weight_hh_l0": (64, 64), "bias_ih_l0": (64,), "bias_hh_l0": (64,)}
    for key, shape in shapes.items():
        case.weights[f"rnn.{key}"] = rng.uniform(-bound, bound, shape).astype(np.float32)
    _linear(rng, case.weights, "head.", 64, 10, 64)
    return case


def _block(rng: np.random.Generator, weights: dict[str, Array], name: str, width: int) -> None:
    _norm(rng, weights, f"{name}norm1", width)
    _linear(rng, weights, f"{name}qkv.", width, 3 * width, width)
    _linear(rng, weights, f"{name}proj.", width, width, width)
    _norm(rng, weights, f"{name}norm2", width)
    _linear(rng, weights, f"{name}up.", width, 4 * width, width)
    _linear(rng, weights, f"{name}down.", 4 * width, width, 4 * width)


def _attention(name: str, batch: int, rng: np.random.Generator) -> Case:
    case = Case(name, _normal(rng, batch, 128, 16), rng.integers(0, 10, batch))
    _block(rng, case.weights, "block.", 16)
    _linear(rng, case.weights, "head.", 16, 10, 16)
    return case


def _gpt(name: str, batch: int, rng: np.random.Generator) -> Case:
    case = Case(name, rng.integers(0, 65, (batch, 64)), rng.integers(0, 65, (batch, 64)))
    case.weights["tokens.weight"] = 0.02 * _normal(rng, 65, 128)
    case.weights["positions.weight"] = 0.02 * _normal(rng, 64, 128)
    for layer in range(4):
        _block(rng, case.weights, f"blocks.{layer}.", 128)
    _norm(rng, case.weights, "norm", 128)
    _linear(rng, case.weights, "head.", 128, 65, 128)
    return case


def _scalars(name: str, batch: int, rng: np.random.Generator) -> Case:
    case = Case(name, _normal(rng, batch, 2), _normal(rng, batch))
    for layer, (wide, out) in enumerate([(2, 16), (16, 16), (16, 1)]):
        _linear(rng, case.weights, f"{layer}.", wide, out, wide)
    return case


_MAKERS: dict[str, Callable[[str, int, np.random.Generator], Case]] = {
    "W1": _mlp,
    "W2": _best,
    "W3": _convolution,
    "W4": _recurrent,
    "W5": _attention,
    "W6": _gpt,
    "W7": _scalars,
    "W8": _best,
}
