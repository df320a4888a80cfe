from __future__ import annotations

import pytest

import tinygrad5329 as tg
from tinygrad5329.testing import make_tensor

DTYPES = ("float32", "float64", "float16", "int64", "int32", "uint8", "bool", "complex64")


@pytest.mark.parametrize("dtype", DTYPES)
def test_values_lie_between_the_bounds(dtype):
    made = make_tensor(20, 5, dtype=getattr(tg, dtype), device="cpu")
    assert made.shape == (20, 5) and made.dtype is getattr(tg, dtype)
    if dtype not in ("bool", "complex64"):
        low, high = (0, 9) if dtype == "uint8" else (-9, 9)
        assert low <= made.min().item() < made.max().item() <= high


@pytest.mark.parametrize("options", [{}, {"low": 1, "high": 3}, {"noncontiguous": True}, {"exclude_zero": True}])
@pytest.mark.parametrize("dtype", DTYPES)
def test_the_numbers_are_those_of_torch(dtype, options):
    torch = pytest.importorskip("torch", reason="oracle: pip install 'tinygrad5329[oracle]'")
    if dtype == "bool" and "low" in options:
        pytest.skip("bools have no other bounds")
    tg.manual_seed(4)
    torch.manual_seed(4)
    ours = make_tensor(3, 4, dtype=getattr(tg, dtype), device="cpu", **options)
    theirs = torch.testing.make_tensor(3, 4, dtype=getattr(torch, dtype), device="cpu", **options)
    assert ours.flatten().tolist() == pytest.approx(theirs.flatten().tolist())
    assert ours.is_contiguous() == theirs.is_contiguous()


def test_options():
    assert make_tensor((2, 3), dtype=tg.float32, device="cpu", requires_grad=True).requires_grad
    wide = make_tensor(100, dtype=tg.float32, device="cpu", low=-float("inf"), high=float("inf"))
    assert wide.isfinite().all() and wide.abs().max() > 1e37
    assert make_tensor(2, 3, 4, 5, dtype=tg.float32, device="cpu", memory_format=tg.channels_last).stride()[1] == 1
    for options in (
        {"low": 2, "high": 2},
        {"requires_grad": True},
        {"noncontiguous": True, "memory_format": tg.channels_last},
    ):
        with pytest.raises(ValueError, match="make_tensor: "):
            make_tensor(2, 2, 2, 2, dtype=tg.int64, device="cpu", **options)
