"""A report as one self-contained HTML page: light, dark, on a phone, on paper, without network."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from importlib import resources
from string import Template

from tinygrad5329.experiments.output.document import (
    Block,
    Cell,
    Code,
    Document,
    Finding,
    Items,
    Paragraph,
    Picture,
    Pictures,
    Section,
    Subheading,
    Table,
    Tiles,
)
from tinygrad5329.experiments.output.figure_style import PAGE_COLOURS
from tinygrad5329.experiments.output.markdown import verdict_mark
from tinygrad5329.training.page import inline_svg

__all__ = ["render_page"]

_PAGE = Template(
    """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>$title</title>
<style>
$style</style>
</head>
<body>
<header>
<h1>$heading</h1>
<p class="lead">$lead</p>
$label</header>
<nav aria-label="Contents"><ul>
$contents
</ul></nav>
<main>
$body
</main>
</body>
</html>
"""
)


def render_page(document: Document) -> str:
    """The report as HTML; all text is escaped, only the figures' SVG is trusted."""
    title = f"{document.title} ({document.label})" if document.label else document.title
    badge = f' <span class="badge">{escape(document.label)}</span>' if document.label else ""
    warning = (
        '<p class="warning">Made to see that everything works, on few samples and epochs. '
        "Its figures say nothing about the report.</p>\n"
    )
    return _PAGE.substitute(
        title=escape(title),
        heading=escape(document.title) + badge,
        lead=_inline(document.lead),
        label=warning if document.label else "",
        style=resources.files("tinygrad5329.experiments.output").joinpath("page.css").read_text(encoding="utf-8"),
        contents="\n".join(
            f'<li><a href="#{escape(section.key)}">{_inline(section.short or section.title)}</a></li>'
            for section in document.sections
        ),
        body="\n".join(map(_section, document.sections)),
    )


def _section(section: Section) -> str:
    body = "\n".join(map(_block, section.blocks))
    return f'<section id="{escape(section.key)}">\n<h2>{_inline(section.title)}</h2>\n{body}\n</section>'


def _block(block: Block) -> str:
    if isinstance(block, Paragraph):
        return f'<p class="quiet">{_inline(block.text)}</p>' if block.quiet else f"<p>{_inline(block.text)}</p>"
    if isinstance(block, Subheading):
        return f"<h3>{_inline(block.text)}</h3>"
    if isinstance(block, Code):
        return f"<pre><code>{escape(block.text)}</code></pre>"
    if isinstance(block, Items):
        return "<ul>" + "".join(f"<li>{_inline(text)}</li>" for text in block.texts) + "</ul>"
    if isinstance(block, Tiles):
        tiles = "".join(
            f'<div class="tile"><dt>{_inline(label)}</dt><dd>{_inline(value)}</dd></div>'
            for label, value in block.values
        )
        return f'<dl class="tiles">{tiles}</dl>'
    if isinstance(block, Finding):
        kind = escape(block.kind.replace(" ", "-"))
        return (
            f'<p class="verdict {kind}"><strong>{escape(verdict_mark(block.kind) + block.kind.capitalize())}.</strong> '
            f"{_inline(block.text)}</p>"
        )
    if isinstance(block, Pictures):
        figures = [_figure(picture) for picture in block.pictures]
        return figures[0] if len(figures) == 1 else f'<div class="pair">{"".join(figures)}</div>'
    return _table(block)


def _figure(picture: Picture) -> str:
    drawing = inline_svg(picture.svg, f"{picture.name}-", label=picture.caption)
    known = "|".join(PAGE_COLOURS)
    drawing = re.sub(known, lambda match: PAGE_COLOURS[match[0].lower()], drawing, flags=re.IGNORECASE)
    kind = ' class="wide"' if picture.wide else ""
    return (
        f'<figure{kind} id="figure-{escape(picture.name)}"><div class="scroll">{drawing}</div>'
        f"<figcaption>{_inline(picture.caption)}</figcaption></figure>"
    )


def _table(table: Table) -> str:
    left = {0} | table.words
    head = "".join(
        f'<th scope="col"{_kind(i not in left)}>{_inline(column)}</th>' for i, column in enumerate(table.columns)
    )
    body = "".join(_row(row, left, len(table.columns)) for row in table.rows)
    head = f"<thead><tr>{head}</tr></thead>" if any(table.columns) else ""
    # Not a <caption>, which would be as wide as a table that is scrolled.
    caption = f'<p class="caption">{_inline(table.caption)}</p>' if table.caption else ""
    return f'{caption}<div class="scroll"><table>{head}<tbody>\n{body}</tbody></table></div>'


def _row(row: Sequence[Cell | str], left: frozenset[int] | set[int], columns: int) -> str:
    if len(row) == 1 < columns:
        name = row[0].text if isinstance(row[0], Cell) else row[0]
        return f'<tr class="group"><th scope="colgroup" colspan="{columns}">{_inline(name)}</th></tr>\n'
    return "<tr>" + "".join(_cell(cell, i, i not in left) for i, cell in enumerate(row)) + "</tr>\n"


def _cell(cell: Cell | str, column: int, number: bool) -> str:
    cell = cell if isinstance(cell, Cell) else Cell(cell)
    size = len(cell.text) if column and not number else None
    kinds = [name for name, on in (("number", number), ("best", cell.best), ("bad", cell.bad)) if on]
    kinds += [] if size is None else ["short"] if size <= 20 else ["long"] if size > 40 else []
    attributes = f' class="{" ".join(kinds)}"' if kinds else ""
    below = f"<small>± {_inline(cell.spread)}</small>" if cell.spread else ""
    below += f'<small class="report">{_inline(cell.below).replace(chr(10), "<br>")}</small>' if cell.below else ""
    tag, scope = ("td", "") if column else ("th", ' scope="row"')
    return f"<{tag}{scope}{attributes}>{_inline(cell.text)}{below}</{tag}>"


def _kind(number: bool) -> str:
    return ' class="number"' if number else ""


def _inline(text: str) -> str:
    """Escape text and render its little markup."""
    parts = re.split(r"(`[^`]+`)", text)
    return "".join(f"<code>{escape(part[1:-1])}</code>" if i % 2 else _spans(part) for i, part in enumerate(parts))


def _spans(text: str) -> str:
    text = escape(text, quote=False)
    text = re.sub(r"\*\*([^*\s](?:[^*]*[^*\s])?)\*\*", r"<strong>\1</strong>", text)
    text = re.sub(r"(?<![\w*])\*([^*\s](?:[^*]*[^*\s])?)\*(?![\w*])", r"<em>\1</em>", text)
    text = re.sub(r"\b[\d.]+e-\d+\b", r'<span class="number">\g<0></span>', text)  # browsers break 1e-4 at its hyphen
    return re.sub(r"\[([^\]]+)\]\((#[\w-]+)\)", r'<a href="\2">\1</a>', text)
