"""The residual connection around any module."""

from __future__ import annotations

from typing import Any

from tinygrad5329.nn.module import Module
from tinygrad5329.tensor import Tensor


class Residual(Module):
    """Add a module's input to its output: ``y = x + f(x)``.

    Parameters
    ----------
    module : Module
        The residual branch `f`; its output has the shape of its input.

    Raises
    ------
    TypeError
        If `module` is not a Module.
    ValueError
        On a call, if the branch changes the shape: adding would broadcast, or fail without saying why.

    Notes
    -----
    He et al., "Deep residual learning for image recognition", 2016, equation 1. PyTorch has no such layer;
    `module` is registered under the name "module".

    Examples
    --------
    >>> from tinygrad5329 import nn
    >>> nn.Residual(nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 8)))
    Residual(
      (module): Sequential(
        (0): Linear(in_features=8, out_features=8, bias=True)
        (1): ReLU()
        (2): Linear(in_features=8, out_features=8, bias=True)
      )
    )
    """

    module: Module

    def __init__(self, module: Module) -> None:
        super().__init__()
        if not isinstance(module, Module):
            raise TypeError(f"Residual: expected a Module to wrap, got {type(module).__name__}")
        self.module = module

    def forward(self, input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        """Return ``input + module(input)``; further arguments go to the module."""
        branch = self.module(input, *args, **kwargs)
        if branch.shape != input.shape:
            raise ValueError(
                f"Residual: the branch turned shape {tuple(input.shape)} into {tuple(branch.shape)}, so the "
                "input cannot be added to it; give the branch an output of its input's shape"
            )
        return input + branch
