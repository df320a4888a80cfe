"""Interpolation and grid sampling against PyTorch, in every mode, and a few values without it."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad5329 as tg
from tinygrad5329.nn import functional as F

MODES = [("nearest", 1), ("nearest", 3), ("nearest-exact", 2), ("linear", 1), ("bilinear", 2), ("trilinear", 3),
         ("bicubic", 2), ("area", 2)]  # fmt: skip
TARGETS = [
    {"size": 5},
    {"size": 1},
    {"scale_factor": 2},
    {"scale_factor": 0.4},
    {"scale_factor": 1.7},
    {"scale_factor": 1.3, "recompute_scale_factor": True},
]


def same(oracle, call, *shapes, rtol=1e-9, dtype="float64"):
    torch = oracle.torch
    inputs = [torch.randn(shape, dtype=getattr(torch, dtype), requires_grad=True) for shape in shapes]
    mine = oracle.ours(inputs)
    expected, got = call(torch.nn.functional, *inputs), call(F, *mine)
    oracle.check(got, expected, rtol=rtol, atol=rtol)
    weight = torch.rand_like(expected)
    (expected * weight).sum().backward()
    (got * oracle.ours(weight)).sum().backward()
    for ours, theirs in zip(mine, inputs, strict=True):
        oracle.check(ours.grad, theirs.grad, rtol=rtol, atol=rtol)


@pytest.mark.parametrize("target", TARGETS, ids=str)
@pytest.mark.parametrize(("mode", "dims"), MODES)
def test_interpolate(mode, dims, target, oracle):
    blends = mode.endswith(("linear", "cubic"))
    for align in (False, True) if blends else (None,):
        shape = (2, 3, *(7, 6, 5)[:dims])
        same(oracle, lambda f, x, align=align: f.interpolate(x, mode=mode, align_corners=align, **target), shape)


@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
@pytest.mark.parametrize("size", [(3, 4), (9, 2), (7, 6)])
def test_antialias(mode, size, oracle):
    same(oracle, lambda f, x: f.interpolate(x, size, mode=mode, antialias=True), (2, 3, 7, 6))


@pytest.mark.parametrize("align", [False, True])
@pytest.mark.parametrize("padding", ["zeros", "border", "reflection"])
@pytest.mark.parametrize("mode", ["bilinear", "nearest", "bicubic"])
def test_grid_sample(mode, padding, align, oracle):
    oracle.torch.manual_seed(0)
    call = lambda f, x, grid: f.grid_sample(x, grid, mode, padding, align)  # noqa: E731
    same(oracle, call, (2, 3, 5, 6), (2, 4, 3, 2))
    if mode != "bicubic":
        same(oracle, call, (2, 3, 5, 6, 4), (2, 4, 3, 2, 3))


@pytest.mark.parametrize("align", [False, True])
def test_affine_grid(align, oracle):
    same(oracle, lambda f, theta: f.affine_grid(theta, (2, 3, 4, 5), align), (2, 2, 3))
    same(oracle, lambda f, theta: f.affine_grid(theta, (2, 3, 4, 2, 6), align), (2, 3, 4))


def test_bytes_stay_bytes(oracle):
    x = (oracle.torch.rand(1, 3, 6, 5) * 255).byte()
    for size in ((9, 7), (3, 4)):
        oracle.check(
            F.interpolate(oracle.ours(x), size, mode="bilinear"),
            oracle.torch.nn.functional.interpolate(x, size, mode="bilinear"),
        )


def test_values():
    x = tg.tensor([[[0.0, 4.0]]])
    assert F.interpolate(x, scale_factor=2).tolist() == [[[0, 0, 4, 4]]]
    assert F.interpolate(x, size=4, mode="linear").tolist() == [[[0, 1, 3, 4]]]
    assert F.interpolate(x, size=3, mode="linear", align_corners=True).tolist() == [[[0, 2, 4]]]


def test_the_identity_grid_gives_the_image_back():
    x = tg.randn(1, 2, 4, 5)
    grid = F.affine_grid(tg.tensor([[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]]), (1, 2, 4, 5), align_corners=True)
    np.testing.assert_allclose(F.grid_sample(x, grid, align_corners=True).numpy(), x.numpy(), atol=1e-5)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({}, ValueError, "either size or scale_factor"),
        ({"size": 2, "scale_factor": 2}, ValueError, "only one of"),
        ({"size": (2, 2, 2)}, ValueError, "same number of spatial dimensions"),
        ({"size": 2, "mode": "sharp"}, NotImplementedError, "got sharp"),
        ({"size": 2, "mode": "linear"}, NotImplementedError, "linear mode needs 3D input"),
        ({"size": 2, "align_corners": True}, ValueError, "align_corners option"),
        ({"size": 0}, RuntimeError, "greater than 0"),
        ({"size": 2.5}, TypeError, "expected size"),
        ({"size": 2, "antialias": True}, ValueError, "Anti-alias"),
    ],
)
def test_errors(options, error, message):
    with pytest.raises(error, match=message):
        F.interpolate(tg.ones(1, 1, 3, 3), **options)


def test_grids_without_align_corners_warn():
    with pytest.warns(UserWarning, match="align_corners=False"):
        F.affine_grid(tg.ones(1, 2, 3), (1, 1, 2, 2))
    with pytest.raises(RuntimeError, match="size 2 in last dimension"):
        F.grid_sample(tg.ones(1, 1, 3, 3), tg.ones(1, 3, 3, 3), align_corners=True)
