"""``render``: a picture file through Graphviz' ``dot`` program."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from tinygrad5329.atomic import write_atomically
from tinygrad5329.graph.draw import draw

__all__ = ["render"]

FORMATS = ("png", "svg", "pdf", "dot", "gv")


def render(picture: Any, path: str | os.PathLike[str], *, dpi: int | None = None, **options: Any) -> Path:
    """Write a picture to `path`; its suffix says in which format.

    Parameters
    ----------
    picture : graphviz.Digraph, Tensor, or Graph
        What :func:`draw` returned, or what it takes.
    path : path-like
        Ends in ``.png``, ``.svg``, ``.pdf``, or ``.dot`` or ``.gv`` for the DOT text, which needs no program.
    dpi : int, optional
        Dots an inch; Graphviz' own choice is 96.
    **options
        For :func:`draw`, where `picture` is not drawn yet.

    Returns
    -------
    pathlib.Path
        `path`.

    Raises
    ------
    ValueError
        If the suffix is of no known format.
    RuntimeError
        If the ``dot`` program is not installed, or fails.
    """
    path = Path(path)
    form = path.suffix.lower().removeprefix(".")
    if form not in FORMATS:
        raise ValueError(
            f"graph: render: cannot tell the format from {path.name!r}: expected a name that ends in "
            f"{', '.join('.' + each for each in FORMATS)}"
        )
    import graphviz

    if not isinstance(picture, graphviz.Digraph):
        picture = draw(picture, **options)
    elif options:
        raise TypeError(f"graph: render: {', '.join(options)} belong to draw(); this picture is drawn already")
    if dpi is not None:
        picture = picture.copy()
        picture.attr("graph", dpi=str(dpi))
    if form in ("dot", "gv"):
        return write_atomically(path, picture.source.encode())
    try:
        content = picture.pipe(format=form)
    except graphviz.ExecutableNotFound:
        raise RuntimeError(
            "graph: render: the program `dot` was not found. The Python package graphviz only writes its "
            "input; install Graphviz itself (apt, brew or conda install graphviz, or "
            "winget install graphviz). Without it, to_svg(output, path) and to_html(output, path) draw the "
            "graph with a layout of this package, and draw(...).source is the DOT text"
        ) from None
    except graphviz.CalledProcessError as error:
        raise RuntimeError(f"graph: render: dot failed: {error.stderr or error}") from error
    return write_atomically(path, content)
