"""What the tests of nn share: the oracle, and carrying values between it and us."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad5329 as tg


class Oracle:
    """PyTorch, and the comparison of our tensors with its."""

    def __init__(self, torch):
        self.torch = torch

    def ours(self, tensor):
        """Our copy of one of PyTorch's tensors; other values, also inside containers, as they are."""
        if isinstance(tensor, self.torch.Tensor):
            return tg.tensor(tensor.detach().numpy().copy(), requires_grad=tensor.requires_grad)
        if isinstance(tensor, dict):
            return {key: self.ours(value) for key, value in tensor.items()}
        if isinstance(tensor, tuple | list):
            return type(tensor)(self.ours(value) for value in tensor)
        return tensor

    def check(self, ours, theirs, *, rtol=1e-10, atol=1e-12):
        """Assert that values, shape and dtype agree."""
        assert str(ours.dtype).rpartition(".")[2] == str(theirs.dtype).rpartition(".")[2]
        assert tuple(ours.shape) == tuple(theirs.shape)
        np.testing.assert_allclose(ours.detach().numpy(), theirs.detach().numpy(), rtol=rtol, atol=atol)

    def check_gradients(self, ours, theirs, **tolerance):
        """Assert that two lists of leaves have the same gradients, or none where the other has none."""
        assert len(ours) == len(theirs)
        for mine, other in zip(ours, theirs, strict=True):
            assert (mine.grad is None) == (other.grad is None)
            if mine.grad is not None:
                self.check(mine.grad, other.grad, **tolerance)


@pytest.fixture
def oracle():
    torch = pytest.importorskip("torch", reason="oracle: pip install 'tinygrad5329[oracle]'")
    torch.manual_seed(0)
    return Oracle(torch)
