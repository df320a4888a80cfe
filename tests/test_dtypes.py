"""Promotion over all pairs of dtypes, limits, names: PyTorch's tables."""

from __future__ import annotations

import copy
import itertools
import pickle
import subprocess
import sys

import pytest

import tinygrad5329 as tg
from tinygrad5329 import dtypes

NAMES = [each.name for each in dtypes.ALL]
FLOATS = ["float16", "bfloat16", "float32", "float64"]
BARE = ["uint16", "uint32", "uint64"]


def expected(a, b):
    """PyTorch's promotion, written another way: by what the kinds and sizes say."""
    if a == b:
        return a
    pair = {a, b}
    if pair & set(BARE):
        return next((each for each in pair if each in FLOATS), None)
    for name in ("complex128", "complex64"):
        if name in pair:
            return "complex128" if "float64" in pair else name
    floats = [each for each in FLOATS if each in pair]
    if floats:
        return "float32" if floats == ["float16", "bfloat16"] else floats[-1]
    order = ["bool", "uint8", "int8", "int16", "int32", "int64"]
    first, last = sorted(pair, key=order.index)
    return "int16" if (first, last) == ("uint8", "int8") else last


@pytest.mark.parametrize(("a", "b"), [*itertools.product(NAMES, NAMES)])
def test_promotion(a, b):
    found = expected(a, b)
    if found is None:
        with pytest.raises(RuntimeError, match="Promotion for uint16, uint32, uint64 types is not supported"):
            tg.promote_types(getattr(tg, a), getattr(tg, b))
    else:
        assert tg.promote_types(getattr(tg, a), getattr(tg, b)) is getattr(tg, found)


@pytest.mark.parametrize("a", NAMES)
def test_the_oracle_agrees(a):
    torch = pytest.importorskip("torch", reason="oracle: pip install 'tinygrad5329[oracle]'")
    ours, theirs = getattr(tg, a), getattr(torch, a)
    for name in ("itemsize", "is_floating_point", "is_complex", "is_signed"):
        assert getattr(ours, name) == getattr(theirs, name)
    for b in NAMES:
        assert tg.can_cast(ours, getattr(tg, b)) == torch.can_cast(theirs, getattr(torch, b))
        try:
            promoted = str(torch.promote_types(theirs, getattr(torch, b))).removeprefix("torch.")
        except RuntimeError:
            promoted = None
        assert promoted == expected(a, b)
    if a == "bool":
        return
    kind = "finfo" if ours.is_floating_point or ours.is_complex else "iinfo"
    limits, wanted = getattr(tg, kind)(ours), getattr(torch, kind)(theirs)
    assert repr(limits) == repr(wanted)
    names = ["bits", "max", "min", "dtype"]
    names += ["eps", "tiny", "smallest_normal", "resolution"] if kind == "finfo" else []
    for name in names:
        assert getattr(limits, name) == getattr(wanted, name)


def test_scalars_are_weak():
    pytest.importorskip("ml_dtypes", reason="pip install 'tinygrad5329[bfloat16]'")
    cases = [
        (tg.bfloat16, 1.5, tg.bfloat16), (tg.bfloat16, 1, tg.bfloat16), (tg.int8, 1.5, tg.float32),
        (tg.uint16, 3, tg.uint16), (tg.uint16, 1.5, tg.float32), (tg.complex64, 2.0, tg.complex64),
        (tg.float64, 1j, tg.complex128), (tg.float32, 1j, tg.complex64), (tg.bool, 1, tg.int64),
    ]  # fmt: skip
    for d, scalar, wanted in cases:
        assert tg.result_type(tg.ones(2, dtype=d), scalar) is wanted


def test_limits_refuse_what_they_do_not_describe():
    for call, message in [
        (lambda: tg.finfo(tg.int32), "requires a floating point"),
        (lambda: tg.iinfo(tg.float32), "requires an integer"),
        (lambda: tg.iinfo(tg.bool), "bool is not supported"),
        (lambda: tg.finfo("float32"), "must be a dtype"),
        (lambda: tg.set_default_dtype(tg.int32), "only floating point types"),
    ]:
        with pytest.raises(TypeError, match=message):
            call()
    with pytest.raises(RuntimeError, match="Unknown Complex ScalarType for Long"):
        tg.int64.to_complex()
    assert tg.bfloat16.to_complex() is tg.complex64


@pytest.mark.parametrize("name", NAMES)
def test_dtypes_are_singletons(name):
    d = getattr(tg, name)
    assert pickle.loads(pickle.dumps(d)) is copy.deepcopy(d) is copy.copy(d) is d
    assert repr(d) == f"tinygrad5329.{name}"


def test_bfloat16_without_ml_dtypes():
    code = """
import sys
sys.modules["ml_dtypes"] = None
import tinygrad5329 as tg
assert tg.bfloat16.itemsize == 2 and tg.finfo(tg.bfloat16).eps == 2**-7
assert tg.promote_types(tg.bfloat16, tg.float16) is tg.float32
zeros, convert = lambda: tg.zeros(2, dtype=tg.bfloat16), lambda: tg.ones(2).bfloat16()
for call in (zeros, convert, lambda: tg.nn.Linear(1, 1).to(tg.bfloat16)):
    try:
        call()
    except ImportError as error:
        assert "pip install 'tinygrad5329[bfloat16]'" in str(error)
    else:
        raise AssertionError("no error")
"""
    subprocess.run([sys.executable, "-c", code], check=True)
