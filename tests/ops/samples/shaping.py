"""The same elements in another shape or order."""

from __future__ import annotations

from .entry import entry, real, sample

entry(
    "reshape",
    # Of a tensor that is not contiguous; of others it is a view.
    lambda t, x, shape: x.transpose(0, 1).reshape(shape),
    sample(real(2, 3), shape=(2, 3)),
    sample(real(2, 3, 2), shape=(-1,)),
    without={"0-d": "contiguous: it is a view", "zero-size": "contiguous: it is a view", "non-contiguous": "it is one"},
)
entry(
    "view",
    lambda t, x, shape: x.view(shape),
    sample(real(2, 6), shape=(2, 3, 2)),
    sample(real(), shape=(1,)),
    sample(real(0, 3), shape=(0,)),
    without={"non-contiguous": "a view needs contiguous memory"},
)
entry(
    "permute",
    lambda t, x, dims: x.permute(dims),
    sample(real(2, 3, 2), dims=(2, 0, 1)),
    sample(real(2, 3), dims=(-1, 0)),
    sample(real(), dims=()),
    sample(real(0, 3), dims=(1, 0)),
)
entry(
    "transpose",
    lambda t, x, dims: t.transpose(x, *dims),
    sample(real(2, 3, 2), dims=(0, 1)),
    sample(real(2, 3), dims=(-1, 0)),
    sample(real(0, 3), dims=(1, 0)),
    without={"0-d": "nothing to exchange: it is a view"},
)
entry(
    "expand",
    lambda t, x, shape: x.expand(shape),
    sample(real(2, 1), shape=(2, 3)),
    sample(real(2, 1), shape=(2, 2, 3)),
    sample(real(3), shape=(2, -1)),
    sample(real(), shape=(2, 2)),
    sample(real(), shape=()),
    sample(real(1, 3), shape=(0, 3)),
    sample(real(0, 1), shape=(2, 0, 3)),
)
entry(
    "unsqueeze",
    # Of a tensor that is not contiguous; of others it is a view.
    lambda t, x, dim: x.transpose(0, 1).unsqueeze(dim),
    sample(real(2, 3), dim=1),
    sample(real(2, 3), dim=-1),
    without={"0-d": "contiguous: it is a view", "zero-size": "contiguous: it is a view", "non-contiguous": "it is one"},
)
entry(
    "squeeze",
    lambda t, x, **options: x.squeeze(**options),
    sample(real(2, 1, 3, 1)),
    sample(real(2, 1, 3, 1), dim=1),
    sample(real(2, 3), dim=0),
    sample(real()),
    sample(real(0, 1)),
)
entry(
    "flip",
    lambda t, x, dims: t.flip(x, dims),
    sample(real(2, 3), dims=(0,)),
    sample(real(2, 3, 2), dims=(0, -1)),
    sample(real(0, 3), dims=(1,)),
    sample(real(), dims=()),
)
entry(
    "roll",
    lambda t, x, **options: t.roll(x, **options),
    sample(real(2, 3), shifts=1, dims=1),
    sample(real(2, 3), shifts=(1, -2), dims=(0, 1)),
    sample(real(2, 3), shifts=2),
    sample(real(0, 3), shifts=1, dims=0),
    sample(real(), shifts=1),
)
entry(
    "constant_pad",
    lambda t, x, widths, **options: t.nn.functional.pad(x, widths, **options),
    sample(real(2, 3), widths=(1, 2)),
    sample(real(2, 3), widths=(0, 1, 2, 0), value=1.5),
    sample(real(2, 3), widths=(-1, 2)),
    sample(real(0, 3), widths=(1, 1, 1, 0)),
    without={"0-d": "there is no dimension to pad"},
)


def _as_strided(t, x, size, stride, offset=0):
    """What a view of a tensor that was written to in place is recorded as."""
    from tinygrad5329.ops.inplace import Place
    from tinygrad5329.ops.primitive import REGISTRY

    return REGISTRY["as_strided"](x.contiguous(), place=Place(size, stride, offset, tuple(range(x.ndim))))


entry(
    "as_strided",
    _as_strided,
    sample(real(2, 4), size=(2, 2), stride=(4, 2), offset=1),
    sample(real(6), size=(3, 3), stride=(1, 1)),
    sample(real(4), size=(), stride=(), offset=2),
    sample(real(4), size=(0,), stride=(1,)),
    sample(real(0, 2), size=(0,), stride=(1,)),
    sample(real(), size=(2,), stride=(0,)),
    torch=lambda t, x, size, stride, offset=0: t.as_strided(x.contiguous(), size, stride, offset),
)


def _as_strided_backward(t, x, shape, size, stride, offset):
    from tinygrad5329.ops.inplace import Place
    from tinygrad5329.ops.primitive import REGISTRY

    place = Place(size, stride, offset, tuple(range(len(shape))))
    return REGISTRY["as_strided_backward"](x, shape=shape, place=place)


def _scattered(t, x, shape, size, stride, offset):
    places = t.arange(offset + sum((n - 1) * s for n, s in zip(size, stride, strict=True)) + 1)
    places = t.as_strided(places, size, stride, offset).reshape(-1)
    flat = t.zeros(int(t.tensor(shape).prod()), dtype=x.dtype)
    return flat.index_add(0, places, x.reshape(-1)).reshape(shape)


entry(
    "as_strided_backward",
    _as_strided_backward,
    sample(real(2, 2), shape=(2, 4), size=(2, 2), stride=(4, 2), offset=1),
    sample(real(3, 3), shape=(6,), size=(3, 3), stride=(1, 1), offset=0),
    sample(real(), shape=(4,), size=(), stride=(), offset=2),
    sample(real(0), shape=(4,), size=(0,), stride=(1,), offset=0),
    torch=_scattered,
)
