"""``vmap``: a function of one example as a function of a batch (``torch.func.vmap``)."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from tinygrad5329 import ops
from tinygrad5329.func.pytree import flatten, structure
from tinygrad5329.random import default_generator
from tinygrad5329.tensor import Tensor

__all__ = ["vmap"]


def vmap(
    func: Callable[..., Any],
    in_dims: Any = 0,
    out_dims: Any = 0,
    randomness: str = "error",
    *,
    chunk_size: int | None = None,
) -> Callable[..., Any]:
    """Map `func` over a dimension of its inputs.

    The function runs once for each example and the results are stacked, so anything that works on one example
    works here, control flow on values included; PyTorch's version runs it once on batched tensors. Results and
    gradients are the same, the time is that of the loop.

    Parameters
    ----------
    in_dims : int, None or a nesting of these like the inputs
        The dimension of each input that is mapped over; None for inputs that all examples share.
    out_dims : int or a nesting like the outputs
        Where the mapped dimension goes in each output.
    randomness : str
        "error": random draws inside raise; "different": each example draws its own; "same": all draw the same.
    chunk_size : int, optional
        Bounds PyTorch's batches; examples run one at a time here, so it changes nothing.

    >>> import tinygrad5329 as tg
    >>> vmap(tg.dot)(tg.tensor([[1.0, 2.0], [3.0, 4.0]]), tg.ones(2, 2))
    tensor([3., 7.])
    """
    if randomness not in ("error", "same", "different"):
        raise RuntimeError(f"Only allowed values for randomness are 'error', 'different', or 'same'. Got {randomness}")
    if chunk_size is not None and chunk_size <= 0:
        raise ValueError(f"vmap: chunk_size should be None or greater than 0. (got {chunk_size})")
    name = getattr(func, "__name__", repr(func))

    @wraps(func)
    def mapped(*args: Any, **kwargs: Any) -> Any:
        leaves, rebuild = flatten(args)
        dims = _dims_of_inputs(name, in_dims, args, leaves)
        size = _batch_size(leaves, dims)
        results = []
        before = default_generator.get_state() if randomness != "different" else None
        for i in range(size):
            if randomness == "same":
                default_generator.set_state(before)
            example = [t if d is None else t.select(d, i) for t, d in zip(leaves, dims, strict=True)]
            results.append(func(*rebuild(example), **kwargs))
            if i == 0 and randomness == "error" and not _same(before, default_generator.get_state()):
                raise RuntimeError(
                    "vmap: called random operation while in randomness error mode. Please either use the 'same' or "
                    "'different' randomness flags on vmap or perform the randomness operation out of vmap"
                )
        return _stack(name, results, out_dims)

    return mapped


def _same(a: Any, b: Any) -> bool:
    return bytes(a.numpy() if isinstance(a, Tensor) else a) == bytes(b.numpy() if isinstance(b, Tensor) else b)


def _dims_of_inputs(name: str, in_dims: Any, args: tuple[Any, ...], leaves: list[Any]) -> list[int | None]:
    if not isinstance(in_dims, (int, tuple, list)):
        raise ValueError(
            f"vmap({name}, in_dims={in_dims}, ...)(<inputs>): expected `in_dims` to be int or a (potentially "
            "nested) tuple "
            f"matching the structure of inputs, got: {type(in_dims)}."
        )
    if not leaves:
        raise ValueError(f"vmap({name})(<inputs>): got no inputs. Maybe you forgot to add inputs")
    wanted = _spread(in_dims, args if not isinstance(in_dims, list) else list(args))
    if wanted is None:
        raise ValueError(
            f"vmap({name}, in_dims={in_dims}, ...)(<inputs>): in_dims is not compatible with the structure of "
            "`inputs`. "
            f"in_dims has structure {structure(in_dims)} but inputs has structure {structure(args)}."
        )
    dims: list[int | None] = []
    for leaf, d in zip(leaves, wanted, strict=True):
        if d is not None and not isinstance(d, int):
            raise ValueError(
                f"vmap({name}, in_dims={in_dims}, ...)(<inputs>): Got in_dim={d} for an input but in_dim must be "
                "either an "
                "integer dimension or None."
            )
        if d is not None and not isinstance(leaf, Tensor):
            raise ValueError(
                f"vmap({name}, in_dims={in_dims}, ...)(<inputs>): Got in_dim={d} for an input but the input is of type "
                f"{type(leaf)}. We cannot vmap over non-Tensor arguments, please use None as the respective in_dim"
            )
        ndim = 0 if d is None else leaf.dim()
        if d is not None and not -ndim <= d < ndim:
            raise ValueError(
                f"vmap({name}, in_dims={in_dims}, ...)(<inputs>): Got in_dim={d} for some input, but that input is a "
                f"Tensor of dimensionality {ndim} so expected in_dim to satisfy -{ndim} <= in_dim < {ndim}."
            )
        dims.append(d)
    if all(d is None for d in dims):
        raise ValueError(
            f"vmap({name}, in_dims={in_dims}, ...)(<inputs>): at least one input should have an integer in_dim to "
            "map over."
        )
    return dims


def _spread(dims: Any, tree: Any) -> list[Any] | None:
    """One entry of `dims`, a prefix of the nesting of `tree`, for each leaf; None where they do not fit."""
    if isinstance(dims, (tuple, list, dict)):
        if isinstance(dims, dict) != isinstance(tree, dict) or not isinstance(tree, (tuple, list, dict)):
            return None
        if len(dims) != len(tree):
            return None
        pairs = [(dims.get(key), tree[key]) for key in tree] if isinstance(dims, dict) else zip(dims, tree, strict=True)
        parts = [_spread(d, each) for d, each in pairs]
        return None if any(part is None for part in parts) else [d for part in parts if part is not None for d in part]
    return [dims] * len(flatten(tree)[0])


def _batch_size(leaves: list[Any], dims: list[int | None]) -> int:
    sizes = [t.shape[d] for t, d in zip(leaves, dims, strict=True) if d is not None]
    if any(size != sizes[0] for size in sizes):
        raise ValueError(
            f"vmap: Expected all tensors to have the same size in the mapped dimension, got sizes {sizes} for the "
            "mapped "
            "dimension"
        )
    if not sizes[0]:
        raise RuntimeError(
            "vmap: the mapped dimension is empty, so the function cannot be run to find the shapes of its results"
        )
    return sizes[0]


def _stack(name: str, results: list[Any], out_dims: Any) -> Any:
    columns = [flatten(result)[0] for result in results]
    leaves, rebuild = flatten(results[0])
    places = _spread(out_dims, results[0])
    if places is None:
        raise ValueError(
            f"vmap({name}, ..., out_dims={out_dims}): out_dims is not compatible with the structure of `outputs`. "
            "out_dims "
            f"has structure {structure(out_dims)} but outputs has structure {structure(results[0])}."
        )
    stacked = []
    for j, (leaf, place) in enumerate(zip(leaves, places, strict=True)):
        if not isinstance(leaf, Tensor):
            if place is None or leaf is None:
                stacked.append(leaf)
                continue
            raise ValueError(
                f"vmap({name}, ...): `{name}` must only return Tensors, got type {type(leaf)}. Did you mean to set "
                "out_dims= to None for output?"
            )
        stacked.append(leaf if place is None else ops.stack([column[j] for column in columns], place))
    return rebuild(stacked)
