"""Running an entry's samples: tensors from drawn arrays, outputs as a list, gradients with fixed weights."""

from __future__ import annotations

from typing import Any

import numpy as np

import tinygrad5329 as tg
from tinygrad5329.tape import Node, Port

from .entry import Entry, Sample

__all__ = ["gradients", "nodes", "outputs", "tensors", "weights"]


def tensors(sample: Sample, dtype: Any = np.float64, *, needs: Any = None, seed: int = 0) -> list[Any]:
    """Fresh inputs in `dtype`; constants keep theirs unless they are floats, which follow."""
    made = []
    for i, array in enumerate(sample.draw(seed)):
        if array.dtype.kind == "f":
            array = array.astype(dtype)
        wanted = i in sample.differentiable and (needs is None or i in needs)
        made.append(tg.tensor(array, requires_grad=wanted))
    return made


def outputs(entry: Entry, inputs: list[Any], sample: Sample, library: Any = tg) -> list[Any]:
    """What the call returns, as a list."""
    call = entry.call if library is tg else entry.torch
    result = call(library, *inputs, **sample.options)  # type: ignore[misc]
    return list(result) if isinstance(result, (tuple, list)) else [result]


def weights(outs: list[Any]) -> list[np.ndarray]:
    """A gradient for each output, the same in every run."""
    rng = np.random.default_rng(99)
    return [rng.uniform(0.5, 1.5, tuple(out.shape)) for out in outs]


def gradients(entry: Entry, sample: Sample, inputs: list[Any], **options: Any) -> list[Any]:
    """The gradients of the weighted outputs for the inputs that need one (None where there is none)."""
    outs = [out for out in outputs(entry, inputs, sample) if out.requires_grad]
    seeds = [tg.tensor(w, dtype=out.dtype) for w, out in zip(weights(outs), outs, strict=True)]
    wanted = [t for t in inputs if t.requires_grad]
    return list(tg.autograd.grad(outs, wanted, seeds, allow_unused=True, **options))


def nodes(outs: list[Any], name: str) -> list[Any]:
    """The records of the primitive `name` behind `outs`."""
    stack = [out.grad_fn for out in outs if out.grad_fn is not None]
    seen: dict[int, Any] = {}
    while stack:
        node = stack.pop()
        if id(node) in seen:
            continue
        seen[id(node)] = node
        for edge in node.edges:
            if isinstance(edge, Node):
                stack.append(edge)
            elif type(edge) is Port:
                stack.append(edge.node)
    return [node for node in seen.values() if getattr(getattr(node, "op", None), "name", None) == name]
