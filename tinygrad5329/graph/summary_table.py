"""A model's summary as text and as HTML."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from tinygrad5329.profiler.columns import Column, aligned
from tinygrad5329.profiler.units import bytes_text, count_text

if TYPE_CHECKING:
    from tinygrad5329.graph.summary import ModuleSummary, Summary

__all__ = ["summary_html", "summary_text"]


def summary_text(found: Summary, depth: int | None) -> str:
    """The modules, one a line, indented as they are nested; below them the totals."""
    rows = [row for row in found if depth is None or _level(row) <= depth]
    columns = [
        Column("Module", ["  " * _level(row) + _name(row) for row in rows], text=True),
        Column("Class", [row.class_name for row in rows], text=True),
        Column("Output", [_output(row, found) for row in rows], text=True),
    ]
    if any(row.calls > 1 for row in rows):
        columns.append(Column("Calls", [str(row.calls) for row in rows]))
    columns += [Column(header, cells) for header, cells in _numbers(rows).items()]
    lines = aligned(columns)
    hidden = len(found) - len(rows)
    if hidden:
        lines.append(f"... and {hidden} modules further down: table(depth=None)")
    return "\n".join([*lines, "", *(f"{name}: {text}" for name, text in _totals(found).items())]) + "\n"


def _level(row: ModuleSummary) -> int:
    return row.path.count(".") + 1 if row.path else 0


def _name(row: ModuleSummary) -> str:
    name = row.path.rpartition(".")[2] or "(model)"
    return f"{name} = {', '.join(row.aliases)}" if row.aliases else name


#: Longer lists of shapes are shown by their first.
_LONGEST = 28


def _output(row: ModuleSummary, found: Summary) -> str:
    if not row.calls:
        # A container whose modules were called is no surprise.
        below = any(each.calls and each.path.startswith(f"{row.path}.") for each in found)
        return "-" if below else "not called"
    shapes = _shapes(row.output_shapes)
    text = ", ".join(shapes)
    return text if len(text) <= _LONGEST or len(shapes) < 2 else f"{shapes[0]} +{len(shapes) - 1}"


def _shapes(value: Any) -> list[str]:
    """The shapes of what a module returned, in order, each with its key where there are keys."""
    if isinstance(value, tuple):
        return [f"({', '.join(map(str, value))})"]
    if isinstance(value, dict):
        return [f"{key} {text}" for key, each in value.items() for text in _shapes(each)]
    return [text for each in value or () for text in _shapes(each)]


def _numbers(rows: list[ModuleSummary]) -> dict[str, list[str]]:
    """The columns of numbers; those that tell nothing for this model are left out."""
    found = {"Parameters": [f"{row.parameters:,}" if row.parameters else "-" for row in rows]}
    if any(row.trainable != row.parameters for row in rows):
        found["Trainable"] = [f"{row.trainable:,}" if row.trainable else "-" for row in rows]
    if any(row.shared for row in rows):
        found["Shared"] = [f"{row.shared:,}" if row.shared else "-" for row in rows]
    found["MACs"] = [count_text(row.multiply_accumulates) if row.multiply_accumulates else "-" for row in rows]
    found["Kept bytes"] = [bytes_text(row.activation_bytes) for row in rows]
    found["Grad bytes"] = [bytes_text(row.gradient_bytes) for row in rows]
    return found


def _totals(found: Summary) -> dict[str, str]:
    total = found.total
    frozen = total.parameters - total.trainable
    training = found.parameter_bytes + found.buffer_bytes + found.input_bytes
    training += total.activation_bytes + total.gradient_bytes
    return {
        "Parameters": f"{total.parameters:,} ({total.trainable:,} trainable, {frozen:,} frozen), "
        f"{bytes_text(found.parameter_bytes)}"
        + (f"; buffers {bytes_text(found.buffer_bytes)}" if found.buffer_bytes else ""),
        "Multiply-accumulates": f"{count_text(total.multiply_accumulates)} of the forward pass, "
        f"in {'training' if found.training else 'evaluation'} mode",
        "Kept for backward": f"{bytes_text(total.activation_bytes)}; gradients {bytes_text(total.gradient_bytes)}",
        "A training step": f"{bytes_text(training)} with parameters, buffers and inputs, without an optimizer's state",
    }


#: Colours come from the page, so that it reads in light and dark.
_STYLE = (
    ".tg-summary{border-collapse:collapse;color:inherit;"
    "font:13px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}"
    ".tg-summary th,.tg-summary td{padding:2px 12px 2px 4px;text-align:left;white-space:nowrap;border:0}"
    ".tg-summary .n{text-align:right}.tg-summary th{border-bottom:1px solid currentColor}"
    ".tg-summary tbody tr:hover{background:rgba(128,128,128,.15)}.tg-summary .c{opacity:.65}"
    ".tg-summary tfoot td{padding-top:2px;white-space:normal}"
    ".tg-summary tfoot tr:first-child td{border-top:1px solid currentColor;padding-top:6px}"
)


def summary_html(found: Summary) -> str:
    """A table for notebooks."""
    rows = list(found)
    numbers = _numbers(rows)
    calls = any(row.calls > 1 for row in rows)
    heads = ["Module", "Class", "Output"]
    parts = [f"<style>{_STYLE}</style><table class='tg-summary'><thead><tr>"]
    parts += [f"<th>{head}</th>" for head in heads]
    parts += [f"<th class='n'>{head}</th>" for head in ([*(["Calls"] if calls else []), *numbers])]
    parts.append("</tr></thead><tbody>")
    for i, row in enumerate(rows):
        indent = f" style='padding-left:{4 + 18 * _level(row)}px'"
        title = f" title='{escape(row.path, quote=True)}'" if row.path else ""
        parts.append(f"<tr><td{indent}{title}>{escape(_name(row))}</td><td class='c'>{escape(row.class_name)}</td>")
        parts.append(f"<td>{escape(_output(row, found))}</td>")
        cells = [*([str(row.calls)] if calls else []), *(column[i] for column in numbers.values())]
        parts += [f"<td class='n'>{cell}</td>" for cell in cells]
        parts.append("</tr>")
    parts.append("</tbody><tfoot>")
    width = len(heads) + len(numbers) + calls
    for name, text in _totals(found).items():
        parts.append(f"<tr><td colspan='{width}'><b>{name}</b>: {escape(text)}</td></tr>")
    parts.append("</tfoot></table>")
    return "".join(parts)
