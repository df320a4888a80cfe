"""Sums, products, moments, extrema, order statistics, scans."""

from __future__ import annotations

import numpy as np

from .entry import apart, entry, fixed, real, sample


def reduction(name, function=None, *, make=real, many=True, scalar=True, empty_whole=True, extra=(), **options):
    """An entry for ``function(x, dim, keepdim)``; with `many`, `dim` may be several or absent."""
    samples = [
        sample(make(2, 3), dim=1),
        sample(make(2, 3), dim=0, keepdim=True),
        sample(make(2, 3, 2), dim=-2),
        sample(make(0, 3), dim=1),
    ]
    if scalar:
        samples.append(sample(make(), dim=0))
    if many:
        samples += [sample(make(2, 3, 2), dim=(0, 2)), sample(make(2, 3, 2), dim=(2, 0), keepdim=True)]
    if empty_whole:
        samples.append(sample(make(0, 3), dim=0))
    entry(
        name,
        lambda t, x, **kwargs: getattr(t, function or name)(x, **kwargs),
        *samples,
        *extra,
        **options,
    )


reduction("sum", extra=[sample(real(2, 3)), sample(real()), sample(real(0, 2)), sample(real(0))], kinds="biu")
reduction("mean", extra=[sample(real(2, 3)), sample(real()), sample(real(0, 2))])
reduction("prod", many=False, extra=[sample(real(2, 3)), sample(real()), sample(real(0, 2))], kinds="biu")
reduction(
    "var",
    scalar=False,
    empty_whole=False,
    without={"0-d": "NaN, with a warning: there are no degrees of freedom"},
    extra=[sample(real(2, 3)), sample(real(4, 3), dim=0, correction=0), sample(real(4, 3), dim=0, correction=2)],
)
reduction(
    "std",
    scalar=False,
    empty_whole=False,
    without={"0-d": "NaN, with a warning: there are no degrees of freedom"},
    extra=[sample(real(2, 3)), sample(real(4, 3), dim=0, correction=0)],
)
AWAY = {"avoid": (0.0,)}
entry(
    "linalg_vector_norm",
    lambda t, x, **kwargs: t.norm(x, **kwargs),
    sample(real(2, 3)),
    sample(real(2, 3), dim=1),
    sample(real(2, 3, **AWAY), p=1, dim=0, keepdim=True),
    sample(real(2, 3, **AWAY), p=3, dim=1),
    sample(real(2, 3, **AWAY), p=2.5),
    sample(real(2, 3, **AWAY), p=0),
    sample(apart(2, 3, low=0.5), p=float("inf"), dim=1),
    sample(apart(2, 3, low=0.5), p=float("-inf"), dim=0),
    sample(real(2, 3, 2), dim=(0, 2)),
    sample(real(**AWAY)),
    sample(real(0, 3)),
)

for name in ("amax", "amin"):
    reduction(name, make=apart, empty_whole=False, extra=[sample(apart(2, 3))])
for name in ("max", "min"):
    entry(
        f"{name}_of_all",
        lambda t, x, _name=name: getattr(t, _name)(x),
        sample(apart(2, 3)),
        sample(real()),
        without={"zero-size": "an error, as there is no largest element"},
    )
    reduction(name, make=apart, many=False, empty_whole=False)
for name in ("median", "nanmedian"):
    reduction(name, make=apart, many=False, empty_whole=False)
reduction("mode", make=apart, many=False, empty_whole=False)
entry(
    "median_of_all",
    lambda t, x, ignore=False: t.nanmedian(x) if ignore else t.median(x),
    sample(apart(2, 3)),
    sample(apart(5)),
    sample(apart(2, 3), ignore=True),
    sample(real()),
    without={"zero-size": "the result is NaN and its gradient empty; tests of ordering have it"},
)
entry(
    "sort",
    lambda t, x, **kwargs: t.sort(x, **kwargs)[0],
    sample(apart(2, 3)),
    sample(apart(2, 3), dim=0, descending=True),
    sample(apart(2, 3, 2), dim=1, stable=True),
    sample(real()),
    sample(real(0, 3)),
)
entry(
    "topk",
    lambda t, x, k, **kwargs: t.topk(x, k, **kwargs)[0],
    sample(apart(2, 5), k=2),
    sample(apart(4, 2), k=3, dim=0, largest=False),
    sample(real(), k=1),
    sample(real(0, 3), k=2),
    sample(apart(3), k=0),
)
entry(
    "kthvalue",
    lambda t, x, k, **kwargs: t.kthvalue(x, k, **kwargs)[0],
    sample(apart(2, 5), k=2),
    sample(apart(4, 2), k=3, dim=0, keepdim=True),
    sample(real(), k=1),
    sample(real(0, 3), k=2),
)
entry(
    "quantile",
    lambda t, x, q, **kwargs: t.quantile(x, q, **kwargs),
    sample(apart(2, 5), q=0.3, dim=1),
    sample(apart(4, 2), q=0.5, dim=0, keepdim=True),
    sample(apart(5), q=0.7, interpolation="nearest"),
    sample(apart(5), q=0.7, interpolation="lower"),
    sample(apart(5), q=0.6, interpolation="midpoint"),
    sample(real(), q=0.5),
    half=False,
    without={"zero-size": "an error: there is no quantile of nothing"},
)
for name in ("cumsum", "cumprod", "cummax", "cummin"):
    extremum = name in ("cummax", "cummin")
    entry(
        name,
        (lambda t, x, dim, _name=name: getattr(t, _name)(x, dim)[0])
        if extremum
        else (lambda t, x, dim, _name=name: getattr(t, _name)(x, dim)),
        sample(apart(2, 3), dim=1),
        sample(apart(3, 2), dim=0),
        sample(apart(2, 3, 2), dim=-2),
        sample(real(), dim=0),
        sample(real(0, 3), dim=1),
        sample(real(2, 0), dim=1),
        kinds="biu" if not extremum else "iu",
    )


def _pick(t, x, indices, axis):
    from tinygrad5329.ops.primitive import REGISTRY

    return REGISTRY["pick"](x, indices, axis=axis, distinct=False)


def _place(t, x, indices, shape, axis):
    from tinygrad5329.ops.primitive import REGISTRY

    return REGISTRY["place"](x, indices, shape=shape, axis=axis, distinct=False)


TWICE = fixed([[2, 0, 2], [1, 1, 0]])
NOTHING = fixed(np.zeros((0, 2), np.int64))
entry(
    "pick",
    _pick,
    sample(real(2, 3), TWICE, axis=1),
    sample(real(3, 2), fixed([[2, 0], [1, 1]]), axis=0),
    sample(real(0, 3), NOTHING, axis=1),
    sample(real(), fixed(0), axis=None),
    torch=lambda t, x, indices, axis: t.gather(x, axis or 0, indices),
)
entry(
    "place",
    _place,
    sample(real(2, 3), TWICE, shape=(2, 3), axis=1),
    sample(real(2, 2), fixed([[2, 0], [1, 1]]), shape=(3, 2), axis=0),
    sample(real(0, 2), NOTHING, shape=(0, 3), axis=1),
    sample(real(), fixed(0), shape=(), axis=None),
    torch=lambda t, x, indices, shape, axis: t.zeros(shape, dtype=x.dtype).scatter_add(axis or 0, indices, x),
)
