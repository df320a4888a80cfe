"""Random programs of elementwise steps, sums, views, writes and products: every replay gives the eager bits."""

from __future__ import annotations

import random

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329.replay import CompiledStep

# Before the next import: the skip of that file, raised from here, would count as an error.
pytest.importorskip("numba", reason="the fast extra: pip install 'tinygrad5329[fast]'")

from .test_fusing import bits, compiled_kernels, loops_in_python

__all__ = ["compiled_kernels", "loops_in_python"]

ONE = ["{x} * 2", "0.5 - {x}", "{x} / 3", "-{x}", "{x}.abs()", "{x} ** 3", "{x}.relu()", "{x}.sigmoid()", "{x}.tanh()",
       "({x} * 0.1).exp()", "({x} * {x} + 1e-3).sqrt()", "{x}.clamp(-1, 1)", "{x}.detach()", "{x}.clone()",
       "{x}.masked_fill({x} > 0.5, 0.25)"]  # fmt: skip
TWO = ["{x} + {y}", "{x} - {y}", "{x} * {y}", "{x} / ({y} * {y} + 1)", "tg.where(({x} > {y}) & ({y} < 1), {x}, {y})",
       "{x} * ({x} != {y})"]  # fmt: skip
WRITES = ["{x}.sub_(1.0)", "{x}.mul_(0.5)", "{x}[-1:].add_(2.0)", "{x}.copy_({y}.detach())", "{x}.relu_()"]


def program(seed):
    """The text of a step of x, y, w and of the shapes that these have."""
    rng = random.Random(seed)
    rows, columns = rng.choice([(4, 6), (6, 1), (1, 70), (5, 5)])
    narrow = rng.choice([(columns,), (rows, 1), (1, 1), (1, columns)])
    shapes = {"x": (rows, columns), "y": (rows, columns), "w": narrow}
    known, lines = dict(shapes), []
    while len(lines) < 22:
        x = rng.choice(list(known)[-5:])
        y = rng.choice(list(known))
        shape, kind = known[x], rng.random()
        if kind < 0.35:
            made = rng.choice(ONE)
        elif kind < 0.7:
            shape, made = np.broadcast_shapes(shape, known[y]), rng.choice(TWO)
        elif kind < 0.85:
            axis = rng.randrange(len(shape))
            keep = axis == 1 or len(shape) == 1 or rng.random() < 0.5
            made = f"{{x}}.{rng.choice(['sum', 'mean'])}({axis}, keepdim={keep})"
            shape = tuple(1 if i == axis else n for i, n in enumerate(shape) if keep or i != axis)
        elif kind < 0.92 and shape == known[y] and len(shape) == 2:
            made = "({x} @ {y}.t()).mean(1, keepdim=True) * {x}"
        else:
            made = "{x} * 1.0"
            known[f"v{len(known)}"] = shape
            lines.append(f"v{len(known) - 1} = {made.format(x=x)}")
            x, made = f"v{len(known) - 1}", None
            y = rng.choice([name for name, each in known.items() if each == shape and name != x])
            lines.append(rng.choice(WRITES).format(x=x, y=y))
        if made is not None:
            known[f"v{len(known)}"] = shape
            lines.append(f"v{len(known) - 1} = {made.format(x=x, y=y)}")
    made = [name for name in known if name[0] == "v"]
    loss = " + ".join(f"{each}.{rng.choice(['sum', 'mean'])}()" for each in (*rng.sample(made, 2), made[-1]))
    kept = ", ".join(f"{each}.detach()" for each in rng.sample(made, 3))
    lines += [f"loss = {loss}", "if loss.requires_grad: loss.backward()", f"return {kept}, [t.grad for t in (x, y, w)]"]
    return "def step(x, y, w):\n    " + "\n    ".join(lines), shapes


@pytest.mark.parametrize("first", range(0, 60, 10))
def test_random_programs(first, loops_in_python):
    for seed in range(first, first + 10):
        text, shapes = program(seed)
        scope = {"tg": tg}
        exec(text, scope)
        run = CompiledStep(scope["step"])
        for call in range(4):
            generator = np.random.default_rng((seed, call))
            arrays = [generator.standard_normal(shape).astype("f4") for shape in shapes.values()]
            given, again = ([tg.tensor(a, requires_grad=i != 1) for i, a in enumerate(arrays)] for _ in range(2))
            assert bits(run(*given)) == bits(scope["step"](*again)), text
        assert run._latest() is not None, run._difference
