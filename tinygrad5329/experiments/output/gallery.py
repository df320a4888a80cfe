"""The figures of a report: each drawn once, as SVG for the page and as PNG beside it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from tinygrad5329.atomic import write_atomically
from tinygrad5329.experiments.output.document import Picture
from tinygrad5329.experiments.output.figure_style import VERMILLION, drawing, svg_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Gallery"]


class Gallery:
    """Draws figures and keeps them until they are written.

    Parameters
    ----------
    label : str
        Stands above each figure, for a report that is no full one ("quick run"); empty otherwise.
    """

    def __init__(self, label: str = "") -> None:
        self._label = label
        self._drawn: dict[str, tuple[str, bytes]] = {}

    def hang(self, name: str, figure: Figure, caption: str, *, wide: bool = False) -> Picture:
        """Draw a figure; ``name`` becomes its files'.

        Raises
        ------
        ValueError
            If the name is taken.
        """
        if name in self._drawn:
            raise ValueError(f"Gallery.hang: there is a figure {name!r} already")
        content = io.BytesIO()
        with drawing():
            if self._label:
                figure.suptitle(self._label, x=0.995, ha="right", fontsize=8, color=VERMILLION)
            # Laid out once, and not for each of the two files anew.
            figure.draw_without_rendering()
            figure.set_layout_engine("none")
            svg = svg_text(figure)
            figure.savefig(content, format="png", dpi=200)
        self._drawn[name] = (svg, content.getvalue())
        return Picture(name, svg, caption, wide)

    def write(self, folder: Path) -> Iterator[Path]:
        """Write ``<name>.svg`` and ``<name>.png`` of every figure into the folder."""
        for name, (svg, png) in self._drawn.items():
            yield write_atomically(folder / f"{name}.svg", svg)
            yield write_atomically(folder / f"{name}.png", png)
