"""What the optimizer tests share: one problem, run by this package or by PyTorch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygrad5329 as tg

SHAPES = [(4, 3), (5,), (), (2, 1, 3), (0,)]


class Problem:
    """Parameters, and gradients that depend on them and on the step, in either library's tensors.

    The third parameter gets its first gradient at step 3 and the second none at every fifth step, so that
    state begins late and step counts differ.
    """

    def __init__(self, library: Any, dtype: str = "float64") -> None:
        self.library = library
        self.dtype = getattr(library, dtype)
        rng = np.random.default_rng(5)
        self.params = [self.tensor(rng.standard_normal(shape)).requires_grad_() for shape in SHAPES]

    def tensor(self, array: Any) -> Any:
        return self.library.tensor(np.asarray(array), dtype=self.dtype)

    def set_gradients(self, step: int) -> None:
        for i, p in enumerate(self.params):
            if (i == 2 and step < 3) or (i == 1 and step % 5 == 4):
                p.grad = None
            else:
                p.grad = self.tensor(np.sin(2.0 * p.detach().numpy() + step + i) + 0.1)

    def run(self, optimizer: Any, steps: int = 50, start: int = 0) -> list[np.ndarray]:
        """The parameters after `steps` steps."""
        for step in range(start, start + steps):
            self.set_gradients(step)
            optimizer.step()
        return self.values()

    def values(self) -> list[np.ndarray]:
        return [p.detach().numpy().copy() for p in self.params]


@pytest.fixture
def problem() -> type[Problem]:
    return Problem


@pytest.fixture(scope="session")
def recorded() -> Any:
    """What PyTorch computed, for where it is absent; ``record.py`` writes the file."""
    return json.loads((Path(__file__).parent / "recorded.json").read_text())


@pytest.fixture
def oracle() -> Any:
    """PyTorch; the test is skipped where it is absent."""
    return pytest.importorskip("torch", reason="oracle: pip install 'tinygrad5329[oracle]'")


@pytest.fixture
def param() -> Any:
    """A parameter with a gradient."""
    p = tg.tensor([1.0, -2.0], requires_grad=True)
    p.grad = tg.tensor([0.5, 0.25])
    return p
