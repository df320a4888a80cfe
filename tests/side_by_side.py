"""Running one program in this library and in PyTorch, and comparing what comes of it."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad5329 as tg

torch = pytest.importorskip("torch", reason="oracle: pip install 'tinygrad5329[oracle]'")

LIBRARIES = (tg, torch)
ERRORS = (RuntimeError, IndexError, ValueError, TypeError, NotImplementedError)


def values(shape, seed=0):
    return np.random.default_rng(seed).uniform(0.3, 1.5, shape)


def agree(ours, oracle, what=""):
    assert (ours is None) == (oracle is None), f"{what}: here {ours}, PyTorch {oracle}"
    if ours is not None:
        assert tuple(ours.shape) == tuple(oracle.shape), what
        np.testing.assert_allclose(
            ours.detach().numpy(), oracle.detach().numpy(), rtol=1e-7, atol=1e-9, err_msg=str(what)
        )


def outcome(function, *args):
    """The result, or the error."""
    try:
        return function(*args), None
    except ERRORS as error:
        return None, error


def both_or_neither(ours, oracle, what):
    """Whether both went well; fails if one did."""
    assert (ours is None) == (oracle is None), f"{what}: here {ours!r}, PyTorch {oracle!r}"
    return ours is None
