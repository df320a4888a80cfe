"""The look of the report's figures: one palette, one style, sizes that stay legible on a phone."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tinygrad5329.training.plots import GRID, INK, MUTED, PAPER, STYLE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = [
    "GRID",
    "INK",
    "MUTED",
    "PAGE_COLOURS",
    "PALETTE",
    "PAPER",
    "blank_figure",
    "colour_of",
    "drawing",
    "svg_text",
]

# Okabe and Ito's palette; its green, purple, orange and sky are a little darker, to stand on white.
BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY = "#0072b2", "#d55e00", "#00815e", "#b0568c", "#a87400", "#3a93c6"
PALETTE = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY, INK)

#: The colours that the page swaps for its own, so that figures follow its light or dark mode.
#: The page does the same for those of tinygrad5329.training.plots.
PAGE_COLOURS = {GREEN: "var(--third)", PURPLE: "var(--fourth)", ORANGE: "var(--fifth)", SKY: "var(--sixth)"}

_STYLE: Any = STYLE | {
    "axes.titlesize": 10.5,
    "axes.labelsize": 9.5,
    "lines.linewidth": 1.5,
    "path.simplify": True,
}


def colour_of(index: int) -> str:
    """The colour of the series with this number."""
    return PALETTE[index % len(PALETTE)]


def dashes_of(index: int) -> Any:
    """Line style of the series with this number: the second round of the palette is dashed."""
    return ("-", (0, (4, 1.6)), (0, (1, 1.4)))[index // len(PALETTE) % 3]


@contextmanager
def drawing() -> Iterator[None]:
    """Draw in the report's style, whatever the user's own settings are.

    Raises
    ------
    ImportError
        If matplotlib is missing.
    """
    try:
        import matplotlib
    except ImportError as error:
        raise ImportError("figures need matplotlib: pip install 'tinygrad5329[train]'") from error
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        with matplotlib.rc_context(_STYLE):
            yield


def blank_figure(width: float, height: float) -> Figure:
    """An empty figure of this size in inches; call inside :func:`drawing`."""
    from matplotlib.figure import Figure as MatplotlibFigure

    return MatplotlibFigure(figsize=(width, height), layout="constrained")


def svg_text(figure: Figure) -> str:
    """A figure as the text of an SVG file; the same figure gives the same text."""
    content = io.BytesIO()
    with drawing():
        figure.savefig(content, format="svg", metadata={"Date": None})
    return content.getvalue().decode("utf-8")


def direct_labels(axes: Any, labels: Sequence[tuple[float, str, str]], gap: float) -> None:
    """Write names at the right end of lines, pushed apart to be at least ``gap`` (in data units) from each other.

    ``labels`` are (height, text, colour).
    """
    placed: list[float] = []
    for height, _, _ in sorted(labels):
        placed.append(max(height, placed[-1] + gap) if placed else height)
    # Centre a pushed group on where its lines end.
    shift = sum(height for height, _, _ in labels) / len(labels) - sum(placed) / len(placed) if labels else 0.0
    for (_, text, colour), position in zip(sorted(labels), placed, strict=True):
        axes.annotate(
            text,
            (1.0, position + shift),
            xycoords=("axes fraction", "data"),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontsize=8.5,
            color=colour,
            annotation_clip=False,
        )
