"""What the dictionaries of modules and of parameters accept as content."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any


def key_value_pairs(owner: str, content: Any) -> Iterator[tuple[Any, Any]]:
    """Iterate over the pairs of a mapping, of anything with `items`, or of an iterable of pairs.

    Raises
    ------
    TypeError
        If `content` is none of these.
    ValueError
        If an element of the iterable is not a pair.
    """
    if isinstance(content, Mapping) or hasattr(content, "items"):
        yield from content.items()
        return
    if not isinstance(content, Iterable):
        raise TypeError(
            f"{owner}.update should be called with an iterable of key/value pairs, but got {type(content).__name__}"
        )
    for number, pair in enumerate(content):
        if not isinstance(pair, Iterable):
            raise TypeError(f"{owner} update sequence element #{number} should be Iterable; is {type(pair).__name__}")
        items = tuple(pair)
        if len(items) != 2:
            raise ValueError(f"{owner} update sequence element #{number} has length {len(items)}; 2 is required")
        yield items
