"""A report as blocks in sections, written once and rendered as a page and as Markdown.

Text in blocks may hold ``**strong**``, ``*emphasis*``, ``` `code` ``` and ``[links](#section)``; nothing
else is markup.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

__all__ = [
    "Block",
    "Cell",
    "Code",
    "Document",
    "Items",
    "Paragraph",
    "Picture",
    "Pictures",
    "Section",
    "Subheading",
    "Table",
    "Tiles",
    "Finding",
    "blocks_of_markdown",
]


@dataclass(frozen=True)
class Paragraph:
    """Running text; a ``quiet`` one is a remark, set smaller."""

    text: str
    quiet: bool = False


@dataclass(frozen=True)
class Subheading:
    """A heading inside a section."""

    text: str


@dataclass(frozen=True)
class Code:
    """Lines to be shown as they are: a command, an equation."""

    text: str


@dataclass(frozen=True)
class Items:
    """A list of texts."""

    texts: tuple[str, ...]


@dataclass(frozen=True)
class Cell:
    """A cell of a table.

    Attributes
    ----------
    text : str
    spread : str
        What follows a "±"; empty where there is none.
    below : str
        Lines of their own, smaller: the report's figure and the difference.
    best : bool
        Whether it is the best of its column.
    bad : bool
        Whether it says that something went wrong.
    """

    text: str
    spread: str = ""
    below: str = ""
    best: bool = False
    bad: bool = False


@dataclass(frozen=True)
class Table:
    """Columns of names first and numbers after.

    Attributes
    ----------
    columns : tuple of str
    rows : tuple of tuple of Cell or str
        A row of one cell is a heading over those that follow.
    words : frozenset of int
        Columns of words, set flush left; the first always is.
    caption : str
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell | str, ...], ...]
    words: frozenset[int] = frozenset()
    caption: str = ""


@dataclass(frozen=True)
class Picture:
    """A figure, kept as ``figures/<name>.svg`` and ``.png``.

    Attributes
    ----------
    name : str
    svg : str
        Its text.
    caption : str
        Says what to see.
    wide : bool
        Whether it should stay wide on a narrow screen and be scrolled.
    """

    name: str
    svg: str
    caption: str
    wide: bool = False


@dataclass(frozen=True)
class Pictures:
    """Figures side by side where there is room."""

    pictures: tuple[Picture, ...]


@dataclass(frozen=True)
class Tiles:
    """The few numbers that matter most: label and value."""

    values: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Finding:
    """Whether a conclusion of the report holds.

    Attributes
    ----------
    kind : str
        ``"holds"``, ``"does not hold"``, ``"within noise"``, ``"not tested"``, or another word for a finding of ours.
    text : str
        Why.
    """

    kind: str
    text: str


Block = Paragraph | Subheading | Code | Items | Table | Pictures | Tiles | Finding


@dataclass
class Section:
    """A heading with an address and what stands under it.

    Attributes
    ----------
    key : str
        The address: letters, digits and hyphens.
    title : str
    short : str
        What the contents list says.
    blocks : list of Block
    """

    key: str
    title: str
    short: str = ""
    blocks: list[Block] = field(default_factory=list)

    def add(self, *blocks: Block | None) -> None:
        """Append blocks; ``None`` is passed over."""
        self.blocks.extend(block for block in blocks if block is not None)


@dataclass(frozen=True)
class Document:
    """A whole report.

    Attributes
    ----------
    title, lead : str
    label : str
        Stands in the title where the report is no full one ("quick run"); empty otherwise.
    sections : sequence of Section
    """

    title: str
    lead: str
    label: str
    sections: Sequence[Section]

    def pictures(self) -> list[Picture]:
        """All figures in order."""
        return [
            picture
            for section in self.sections
            for block in section.blocks
            if isinstance(block, Pictures)
            for picture in block.pictures
        ]


def blocks_of_markdown(text: str) -> list[Block]:
    """Read plain Markdown: headings, paragraphs, lists, fenced or indented code, pipe tables.

    Examples
    --------
    >>> blocks_of_markdown("## A\\n\\nOne\\ntwo.\\n\\n    v = mu v + g\\n\\n- x\\n- y\\n")
    [Subheading(text='A'), Paragraph(text='One two.', quiet=False), Code(text='v = mu v + g'), Items(texts=('x', 'y'))]
    """
    blocks: list[Block] = []
    lines = text.expandtabs(4).splitlines()
    while lines:
        line = lines[0]
        if not line.strip():
            lines.pop(0)
        elif line.startswith("```") or line.strip() == "$$":
            fence = lines.pop(0).strip()[:3]
            taken = _take(lines, lambda each, fence=fence: not each.strip().startswith(fence))
            del lines[:1]
            blocks.append(Code("\n".join(taken)))
        elif line.startswith("    "):
            taken = _take(lines, lambda each: each.startswith("    ") or not each.strip())
            blocks.append(Code("\n".join(each[4:] for each in taken).rstrip()))
        elif line.startswith("#"):
            blocks.append(Subheading(lines.pop(0).lstrip("#").strip()))
        elif line.lstrip().startswith("|"):
            rows = [_cells(each) for each in _take(lines, lambda each: each.lstrip().startswith("|"))]
            body = [row for row in rows[1:] if not all(re.fullmatch(r":?-+:?", cell) for cell in row)]
            words = frozenset(i for i in range(len(rows[0])) if not all(_is_number(row[i]) for row in body))
            blocks.append(Table(rows[0], tuple(body), words))
        elif re.match(r"([-*]|\d+\.) ", line):
            taken = _take(lines, lambda each: bool(each.strip()) and not each.startswith(("#", "```")))
            joined = re.sub(r"\n(?!([-*]|\d+\.) )\s*", " ", "\n".join(taken))
            blocks.append(Items(tuple(re.sub(r"^([-*]|\d+\.) +", "", each) for each in joined.splitlines())))
        else:
            taken = _take(lines, lambda each: bool(each.strip()) and not each.startswith(("#", "```", "|")))
            blocks.append(Paragraph(" ".join(each.strip() for each in taken)))
    return blocks


def _take(lines: list[str], wanted: object) -> list[str]:
    taken: list[str] = []
    while lines and wanted(lines[0]):  # type: ignore[operator]
        taken.append(lines.pop(0))
    return taken


def _cells(line: str) -> tuple[str, ...]:
    return tuple(cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line.strip().strip("|")))


def _is_number(text: str) -> bool:
    return bool(re.fullmatch(r"[-−+]?[\d.,]+( ?(s|%|ms|kB|MB))?", text)) or not text
