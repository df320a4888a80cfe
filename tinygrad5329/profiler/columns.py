"""``aligned``: rows of text under headers, within a given width."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Column", "aligned", "shortened"]

_GAP = "  "


@dataclass(frozen=True)
class Column:
    """A column: its header, its cells, and whether it is text, which may be shortened, or numbers.

    Text is shown in `widest` characters at most, if that is given, and gives way down to `narrowest`.
    """

    header: str
    cells: Sequence[str]
    text: bool = False
    widest: int = 0
    narrowest: int = 16

    @property
    def width(self) -> int:
        """What it takes to show everything, up to `widest` if that is given."""
        width = max(len(self.header), *(len(cell) for cell in self.cells), 0)
        return min(width, self.widest) if self.text and self.widest else width


def shortened(text: str, width: int) -> str:
    """`text` with its middle left out, so that both its ends stay to be read.

    >>> shortened("ScaledDotProductAttentionBackward0", 20)
    'ScaledDot…nBackward0'
    """
    if len(text) <= width:
        return text
    head = (width - 1) // 2
    return f"{text[:head]}…{text[len(text) - (width - 1 - head) :]}"


def aligned(columns: Sequence[Column], rule: str = "-", total: int = 120) -> list[str]:
    """The header, a line of `rule`, and the rows; columns of text give way until a line has `total` characters."""
    widths = [column.width for column in columns]
    while (excess := sum(widths) + len(_GAP) * (len(widths) - 1) - total) > 0:
        text = [i for i, column in enumerate(columns) if column.text and widths[i] > column.narrowest]
        if not text:
            break
        widest = max(text, key=widths.__getitem__)
        widths[widest] = max(columns[widest].narrowest, widths[widest] - excess)

    def line(cells: Sequence[str]) -> str:
        parts = [
            shortened(cell, width).ljust(width) if column.text else cell.rjust(width)
            for cell, width, column in zip(cells, widths, columns, strict=True)
        ]
        return _GAP.join(parts).rstrip()

    ruler = rule * (sum(widths) + len(_GAP) * (len(widths) - 1))
    rows = zip(*[column.cells for column in columns], strict=True)
    return [line([column.header for column in columns]), ruler, *map(line, rows)]
