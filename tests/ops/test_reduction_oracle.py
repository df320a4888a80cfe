"""Every reduction and scan against PyTorch: shapes, dimensions, dtypes, layouts, special values, errors."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

pytest.importorskip("torch", reason="oracle: pip install 'tinygrad5329[oracle]'")

from .agreement import LAYOUTS, agree, agree_on_error

MULTIPLE = [
    "sum",
    "mean",
    "nansum",
    "nanmean",
    "amax",
    "amin",
    "logsumexp",
    "norm",
    "var",
    "std",
    "all",
    "any",
]
SINGLE = ["prod", "max", "min", "argmax", "argmin", "aminmax", "median", "nanmedian", "mode", "quantile"]
ALONG = [
    "cumsum",
    "cumprod",
    "cummax",
    "cummin",
    "logcumsumexp",
    "softmax",
    "log_softmax",
    "sort",
    "argsort",
    "topk",
    "kthvalue",
]
#: Reductions that exist only along a dimension.
DIM_NEEDED = {"logsumexp", *ALONG} - {"sort", "argsort", "topk", "kthvalue"}
SHAPES = [(), (1,), (5,), (3, 4), (2, 3, 4), (0, 3), (3, 0)]
#: The first of several equal elements is not the same one in both libraries.
DISTINCT = {
    "sort",
    "argsort",
    "topk",
    "kthvalue",
    "median",
    "nanmedian",
    "mode",
    "argmax",
    "argmin",
    "max",
    "min",
}


def call(op, **options):
    extra = {"topk": (1,), "kthvalue": (1,), "quantile": (0.3,)}.get(op, ())
    return lambda t, x: getattr(t, op)(x, *extra, **options)


def values(shape, seed=1):
    return np.asarray(np.random.default_rng(seed).permutation(np.linspace(-2, 2.2, math.prod(shape)))).reshape(shape)


def variants(op, shape):
    """The ``dim`` and ``keepdim`` arguments that `op` takes."""
    n = len(shape)
    dims = [{"dim": d} for d in (range(-n, n) if n else (0, -1))]
    if op in MULTIPLE:
        dims += [{"dim": d} for k in (2, 3) for d in itertools.combinations(range(n), k) if op != "norm" or k < 3]
    if op not in ALONG:
        dims += [{**each, "keepdim": True} for each in dims]
    if op not in DIM_NEEDED:
        dims.append({})
    return dims


def empty_without_value(op, shape, options):
    """Whether the reduction would have to be one of nothing, which is an error; see below."""
    if op not in {"amax", "amin", *SINGLE, "topk", "kthvalue"} - {"prod"} or 0 not in shape:
        return False
    if op == "quantile" or (op == "topk" and shape[options.get("dim", -1)] == 0):
        return True
    dim = options.get("dim", -1 if op in ("topk", "kthvalue", "mode") else None)
    if dim is None:
        return op not in ("median", "nanmedian")
    return any(shape[d] == 0 for d in (dim if isinstance(dim, tuple) else (dim,)))


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("op", [*MULTIPLE, *SINGLE, *ALONG])
def test_shapes_and_dims(op, shape):
    for options in variants(op, shape):
        if not empty_without_value(op, shape, options):
            agree(call(op, **options), values(shape))


@pytest.mark.parametrize("dtype", ["float32", "float16"])
@pytest.mark.parametrize("op", [*MULTIPLE, *SINGLE, *ALONG])
def test_float_dtypes(op, dtype):
    if op == "quantile" and dtype == "float16":
        pytest.skip("neither library computes quantiles of float16")
    for options in ({"dim": 0}, {"dim": -1}):
        agree(call(op, **options), values((3, 5)), dtype)


@pytest.mark.parametrize("dtype", ["int64", "int32", "uint8", "bool"])
@pytest.mark.parametrize(
    "op",
    [
        "sum",
        "nansum",
        "prod",
        "all",
        "any",
        "count_nonzero",
        "amax",
        "amin",
        "cumsum",
        "cumprod",
        "cummax",
        "cummin",
        "logsumexp",
    ],
)
def test_integers_and_bools(op, dtype):
    array = np.array([[0, 3, 1], [2, 2, 5]])
    for options in ({"dim": 0}, {"dim": 1}):
        agree(call(op, **options), array, dtype)


@pytest.mark.parametrize("dtype", ["int64", "uint8"])
@pytest.mark.parametrize(
    "op",
    ["max", "min", "argmax", "argmin", "aminmax", "median", "mode", "sort", "argsort", "topk", "kthvalue"],
)
def test_order_of_integers(op, dtype):
    agree(call(op, dim=1), [[4, 3, 1], [2, 6, 5]], dtype)
    if op not in {"sort", "argsort", "topk", "kthvalue", "mode"}:
        agree(call(op), [[4, 3, 1], [2, 6, 5]], dtype)


@pytest.mark.parametrize("layout", [name for name in LAYOUTS if name != "contiguous"])
@pytest.mark.parametrize("op", [*MULTIPLE, *SINGLE, *ALONG])
def test_layouts(op, layout):
    for options in ({"dim": 0}, {"dim": 1}):
        agree(call(op, **options), values((4, 6)), layout=layout, second=False)


@pytest.mark.parametrize("dtype", ["float64", "float32", "int32", "int64", "uint8"])
@pytest.mark.parametrize("op", ["sum", "nansum", "prod", "cumsum", "cumprod"])
def test_dtype_argument(op, dtype):
    for source in ("int64", "bool", "uint8"):
        agree(lambda t, x: getattr(t, op)(x, 0, dtype=getattr(t, dtype)), [[1, 2, 0], [3, 4, 1]], source)
    if dtype.startswith("float"):
        agree(lambda t, x: getattr(t, op)(x, 0, dtype=getattr(t, dtype)), [[1, 2, 0], [3, 4, 1]], "float32")


@pytest.mark.parametrize("op", ["mean", "softmax", "log_softmax"])
def test_dtype_argument_of_averages(op):
    for source in ("int64", "float32", "float16"):
        agree(lambda t, x: getattr(t, op)(x, 0, dtype=t.float64), [[1, 2, 0], [3, 4, 1]], source)


TIES = [[1.0, 3, 3, 2], [3, 3, 3, 3], [0, -1, -1, 0]]
ZEROS = [[1.0, 0, 3, 2], [0, 0, 3, 3], [2, -1, -1, 4], [0, 0, 0, 0], [5, 2, 0, 1]]
NANS = [[1.0, math.nan, 3, 2], [math.nan, math.nan, 3.5, 3], [0, -1, -2, math.nan], [1, 2.5, 3.2, 4]]
INFINITE = [[1.0, math.inf, 3, 2], [-math.inf, 1, 2, -1], [4, 2, 3, 1]]


@pytest.mark.parametrize(
    "op", ["max", "min", "amax", "amin", "aminmax", "median", "nanmedian", "cummax", "cummin", "norm", "prod"]
)
def test_ties(op):
    if op not in ("cummax", "cummin"):
        agree(call(op), TIES)
    if op not in ("median", "nanmedian"):
        agree(call(op, dim=1), TIES)


@pytest.mark.parametrize("op", ["prod", "cumprod", "norm", "std", "var", "logsumexp", "softmax"])
def test_zeros(op):
    agree(call(op, dim=0), ZEROS)
    agree(call(op, dim=1), ZEROS)
    if op in ("prod", "norm", "std"):
        agree(call(op), ZEROS[0])
        agree(call(op), ZEROS[1])
        agree(call(op), [0.0, 0.0])


@pytest.mark.parametrize(
    "op",
    [
        "sum",
        "mean",
        "nansum",
        "nanmean",
        "max",
        "min",
        "amax",
        "amin",
        "argmax",
        "argmin",
        "aminmax",
        "median",
        "nanmedian",
        "cummax",
        "cummin",
        "all",
        "any",
    ],
)
def test_nan(op):
    agree(call(op, dim=0), NANS)
    agree(call(op, dim=1), NANS)
    if op not in ("cummax", "cummin"):
        agree(call(op), NANS)


def test_nan_in_order():
    for options in ({}, {"descending": True}):
        agree(call("sort", **options), [1.0, math.nan, -2.0])
    agree(lambda t, x: t.topk(x, 2), [1.0, math.nan, -2.0, 3.0])
    agree(lambda t, x: t.topk(x, 2, largest=False), [1.0, math.nan, -2.0, 3.0])


@pytest.mark.parametrize(
    "op",
    [
        "sum",
        "mean",
        "max",
        "min",
        "amax",
        "logsumexp",
        "softmax",
        "log_softmax",
        "cumsum",
        "logcumsumexp",
        "norm",
    ],
)
def test_infinities(op):
    agree(call(op, dim=1), INFINITE, second=False)


@pytest.mark.parametrize("op", ["logsumexp", "softmax", "log_softmax", "logcumsumexp"])
def test_large_exponents(op):
    agree(call(op, dim=1), [[1000.0, 0, -1000, 2], [1e4, 1e4, -1e4, 3]])
    agree(call(op, dim=0), [[-math.inf, 0.0], [-math.inf, 1.0]], second=False)


@pytest.mark.parametrize("correction", [0, 1, 2, 0.5, 4, 5])
@pytest.mark.parametrize("op", ["var", "std"])
def test_correction(op, correction):
    agree(call(op, dim=1, correction=correction), values((3, 4)), second=correction != 4)
    agree(call(op, correction=correction), values((3, 4)))


@pytest.mark.parametrize("op", ["var", "std"])
def test_forms_of_the_variance(op):
    agree(lambda t, x: getattr(t, op)(x, False), values((3, 4)))
    agree(lambda t, x: getattr(t, op)(x, 0, False), values((3, 4)))
    agree(lambda t, x: getattr(t, op)(x, 0, False, True), values((3, 4)))
    agree(lambda t, x: getattr(t, op)(x, (0, 1), unbiased=True, keepdim=True), values((3, 4)))
    agree(lambda t, x: getattr(t, op + "_mean")(x, dim=(0, 2), keepdim=True), values((3, 4, 2)))
    agree(lambda t, x: getattr(t, op + "_mean")(x, 0, False), values((3, 4, 2)))
    agree(lambda t, x: getattr(t, op + "_mean")(x), values((3, 4, 2)))


@pytest.mark.parametrize("p", [0.5, 1, 1.5, 2, 2.5, 3, -1, -2, math.inf, -math.inf, "fro", None])
def test_orders_of_the_norm(p):
    for options in ({}, {"dim": 0}, {"dim": (0, 1), "keepdim": True}):
        agree(call("norm", p=p, **options), values((3, 4)))
    agree(call("norm", p=p), TIES[0])
    agree(call("norm", p=p, dim=1), ZEROS, second=False)


@pytest.mark.parametrize("options", [{}, {"dim": 0}, {"dim": 1, "keepdim": True}, {"keepdim": True}], ids=str)
@pytest.mark.parametrize("interpolation", ["linear", "lower", "higher", "midpoint", "nearest"])
@pytest.mark.parametrize("op", ["quantile", "nanquantile"])
def test_quantiles(op, interpolation, options):
    options = {**options, "interpolation": interpolation}
    for array in (values((3, 5)), np.array(NANS)):
        agree(lambda t, x: getattr(t, op)(x, 0.3, **options), array)
        agree(lambda t, x: getattr(t, op)(x, t.tensor([0.0, 0.5, 0.9, 1.0], dtype=x.dtype), **options), array)


@pytest.mark.parametrize("k", [0, 1, 5, 200])
@pytest.mark.parametrize("largest", [True, False])
def test_topk_of_many(k, largest):
    agree(lambda t, x: t.topk(x, k, largest=largest), values((3, 200)), second=False)
    agree(lambda t, x: t.topk(x, k, 0, largest), values((200, 3)), second=False)


def test_two_tensors():
    agree(lambda t, x: t.max(x, x.flip(0)), values((3, 4)))
    agree(lambda t, x: x.min(other=x.flip(1)), values((3, 4)))


EMPTY = np.zeros((0, 3))
MATRIX = np.arange(6.0).reshape(2, 3)


@pytest.mark.parametrize(
    ("function", "array", "dtype"),
    [
        (lambda t, x: x.sum((0, -2)), MATRIX, "float32"),
        (lambda t, x: x.sum(2), MATRIX, "float32"),
        (lambda t, x: x.mean((0, 5)), MATRIX, "float32"),
        (lambda t, x: x.sum(1), 2.0, "float32"),
        (lambda t, x: x.amax((0, -1)), 2.0, "float32"),
        (lambda t, x: x.mean(), MATRIX, "int64"),
        (lambda t, x: x.mean(0), MATRIX, "bool"),
        (lambda t, x: x.mean(dtype=t.int64), MATRIX, "float32"),
        (lambda t, x: x.nanmean(), MATRIX, "int64"),
        (lambda t, x: x.var(), MATRIX, "int64"),
        (lambda t, x: x.amax(), EMPTY, "float32"),
        (lambda t, x: x.amin(0), EMPTY, "float32"),
        (lambda t, x: x.amax((0, 1)), EMPTY, "float32"),
        (lambda t, x: x.max(), EMPTY, "float32"),
        (lambda t, x: x.min(0), EMPTY, "float32"),
        (lambda t, x: x.argmax(0), EMPTY, "float32"),
        (lambda t, x: x.argmin(), EMPTY, "float32"),
        (lambda t, x: x.aminmax(), EMPTY, "float32"),
        (lambda t, x: x.argmax(), MATRIX, "bool"),
        (lambda t, x: x.median(0), EMPTY, "float32"),
        (lambda t, x: x.mode(0), EMPTY, "float32"),
        (lambda t, x: x.kthvalue(1, 0), EMPTY, "float32"),
        (lambda t, x: x.kthvalue(4), MATRIX, "float32"),
        (lambda t, x: x.topk(4), MATRIX, "float32"),
        (lambda t, x: x.topk(-1), MATRIX, "float32"),
        (lambda t, x: x.topk(2), MATRIX, "bool"),
        (lambda t, x: x.median(), MATRIX, "bool"),
        (lambda t, x: x.softmax(0), MATRIX, "int64"),
        (lambda t, x: x.softmax(2), MATRIX, "float32"),
        (lambda t, x: x.logcumsumexp(0), MATRIX, "int64"),
        (lambda t, x: x.cumsum(2), MATRIX, "float32"),
        (lambda t, x: x.norm(), MATRIX, "int64"),
        (lambda t, x: x.norm(dtype=t.int64), MATRIX, "float32"),
        (lambda t, x: x.norm(math.inf), EMPTY, "float32"),
        (lambda t, x: x.norm(-1.0), EMPTY, "float32"),
        (lambda t, x: x.norm(p="abc"), MATRIX, "float32"),
        (lambda t, x: x.quantile(1.5), MATRIX, "float32"),
        (lambda t, x: x.quantile(0.5), MATRIX, "int64"),
        (lambda t, x: x.quantile(0.5), EMPTY, "float32"),
        (lambda t, x: x.quantile(0.5, interpolation="cubic"), MATRIX, "float32"),
        (lambda t, x: x.quantile(t.zeros(2, 2)), MATRIX, "float32"),
        (lambda t, x: x.quantile(t.zeros(2, dtype=t.float64)), MATRIX, "float32"),
    ],
)
def test_errors_are_those_of_pytorch(function, array, dtype):
    agree_on_error(function, array, dtype)


@pytest.mark.parametrize(
    "function",
    [
        lambda t, x: x.sum(0, 1),
        lambda t, x: x.sum(dim=0, axis=0),
        lambda t, x: x.sum(0.5),
        lambda t, x: x.sum("a"),
        lambda t, x: x.sum(True),
        lambda t, x: t.sum(3),
        lambda t, x: x.prod((0, 1)),
        lambda t, x: x.max((0, 1)),
        lambda t, x: x.max(keepdim=True),
        lambda t, x: x.var(0, correction=1, unbiased=True),
        lambda t, x: x.logsumexp(None),
        lambda t, x: t.softmax(x, (0, 1)),
        lambda t, x: x.cumsum((0, 1)),
        lambda t, x: x.topk(1.5),
        lambda t, x: x.quantile([0.5]),
        lambda t, x: t.sum(x, 0, dtype=t.float64, out=t.zeros(3)),
        lambda t, x: x.norm(dim=(0, 1, 2)) if x.ndim == 3 else x.norm(p="abc", dim=0),
    ],
)
def test_error_types_are_those_of_pytorch(function):
    agree_on_error(function, MATRIX, text=False)
