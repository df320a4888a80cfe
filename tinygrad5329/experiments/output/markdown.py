"""A report as one Markdown file."""

from __future__ import annotations

from tinygrad5329.experiments.output.document import (
    Block,
    Cell,
    Code,
    Document,
    Finding,
    Items,
    Paragraph,
    Pictures,
    Subheading,
    Table,
    Tiles,
)

__all__ = ["render_markdown"]


def render_markdown(document: Document, figures: str = "figures") -> str:
    """The report as Markdown, its figures linked from the folder ``figures`` beside it."""
    title = f"{document.title} ({document.label})" if document.label else document.title
    parts = [f"# {title}", document.lead]
    if document.label:
        parts.append(f"**{document.label}**: made to see that everything works; its figures say nothing.")
    if document.sections:
        parts.append(
            "\n".join(f"- [{section.short or section.title}](#{section.key})" for section in document.sections)
        )
    for section in document.sections:
        # The anchor is ours, so that links do not depend on how a viewer derives one from the title.
        parts.append(f'<a id="{section.key}"></a>\n\n## {section.title}')
        parts += [_block(block, figures) for block in section.blocks]
    return "\n\n".join(parts) + "\n"


def _block(block: Block, figures: str) -> str:
    if isinstance(block, Paragraph):
        return block.text
    if isinstance(block, Subheading):
        return f"### {block.text}"
    if isinstance(block, Code):
        return f"```\n{block.text}\n```"
    if isinstance(block, Items):
        return "\n".join(f"- {text}" for text in block.texts)
    if isinstance(block, Tiles):
        return "\n".join(f"- {label}: **{value}**" for label, value in block.values)
    if isinstance(block, Finding):
        return f"> **{verdict_mark(block.kind)}{block.kind.capitalize()}.** {block.text}"
    if isinstance(block, Pictures):
        return "\n\n".join(
            f"![{_plain(picture.caption)}]({figures}/{picture.name}.svg)\n\n*{picture.caption}*"
            for picture in block.pictures
        )
    return _table(block)


def verdict_mark(kind: str) -> str:
    """A sign before a verdict, so that it needs no colour; empty for what is none."""
    signs = {"holds": "✓ ", "target reached": "✓ ", "does not hold": "✗ ", "within noise": "≈ ", "not tested": "? "}
    return signs.get(kind, "")


def _table(table: Table) -> str:
    left = {0} | table.words
    lines = [
        "| " + " | ".join(_escape(column) or " " for column in table.columns) + " |",
        "|" + "|".join(" :--- " if i in left else " ---: " for i in range(len(table.columns))) + "|",
    ]
    for row in table.rows:
        cells = [f"*{_cell(row[0])}*"] if len(row) == 1 < len(table.columns) else list(map(_cell, row))
        lines.append("| " + " | ".join(cells + [" "] * (len(table.columns) - len(cells))) + " |")
    caption = [f"\n*{table.caption}*"] if table.caption else []
    return "\n".join(lines + caption)


def _cell(cell: Cell | str) -> str:
    if isinstance(cell, str):
        return _escape(cell) or " "
    text = _escape(f"{cell.text} ± {cell.spread}" if cell.spread else cell.text)
    if cell.best and text:
        text = f"**{text}**"
    return f"{text}<br>{_escape(cell.below.replace(chr(10), ', '))}" if cell.below else text or " "


def _escape(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _plain(text: str) -> str:
    return text.replace("[", "(").replace("]", ")").replace("*", "").replace("`", "")
