"""Nested tuples, lists and dictionaries: their leaves in order, and the same nesting around other leaves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["flatten", "map_leaves", "structure"]


def flatten(tree: Any) -> tuple[list[Any], Callable[[list[Any]], Any]]:
    """The leaves of `tree`, and a function that puts as many others in their places.

    >>> leaves, rebuild = flatten({"a": 1, "b": (2, [3])})
    >>> leaves
    [1, 2, 3]
    >>> rebuild([4, 5, 6])
    {'a': 4, 'b': (5, [6])}
    """
    if isinstance(tree, dict):
        keys, mapping = list(tree), type(tree)
        parts = [flatten(tree[key]) for key in keys]

        def make(values: list[Any]) -> Any:
            return mapping(zip(keys, values, strict=True))

    elif isinstance(tree, (tuple, list)):
        kind = type(tree)
        named = hasattr(tree, "_fields")
        parts = [flatten(each) for each in tree]

        def make(values: list[Any]) -> Any:
            return kind(*values) if named else kind(values)

    else:
        return [tree], lambda leaves: leaves[0]
    sizes = [len(leaves) for leaves, _ in parts]

    def rebuild(leaves: list[Any]) -> Any:
        values, start = [], 0
        for (_, inner), size in zip(parts, sizes, strict=True):
            values.append(inner(leaves[start : start + size]))
            start += size
        return make(values)

    return [leaf for leaves, _ in parts for leaf in leaves], rebuild


def map_leaves(function: Callable[[Any], Any], tree: Any) -> Any:
    """The same nesting with `function` applied to every leaf."""
    leaves, rebuild = flatten(tree)
    return rebuild([function(leaf) for leaf in leaves])


def structure(tree: Any) -> Any:
    """The nesting alone, with ``*`` for leaves, to be compared and shown."""
    return map_leaves(lambda leaf: "*", tree)
