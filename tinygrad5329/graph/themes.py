"""The colours of pictures."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["THEMES", "Theme", "theme_named"]


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours: `kinds` maps a kind of node to its fill and line, `modules` are the nested boxes' fills."""

    background: str
    text: str
    faint: str
    edge: str
    frame: str
    modules: tuple[str, ...]
    kinds: dict[str, tuple[str, str]]


LIGHT = Theme(
    background="#ffffff",
    text="#17202e",
    faint="#566175",
    edge="#6a7588",
    frame="#c3cbd8",
    modules=("#f6f8fb", "#edf1f7", "#e3e9f2"),
    kinds={
        "input": ("#fff1cf", "#a86f00"),
        "parameter": ("#e2f5e7", "#2a8148"),
        "leaf": ("#f1f1f1", "#6d6d6d"),
        "op": ("#dcebff", "#2f66b3"),
        "backward": ("#ffe6d1", "#b3590f"),
        "module": ("#ece3fb", "#6b46b0"),
        "output": ("#ffdfdc", "#bf3226"),
    },
)

DARK = Theme(
    background="#10141b",
    text="#eef2f8",
    faint="#a9b4c6",
    edge="#8793a7",
    frame="#3b4657",
    modules=("#171d27", "#1e2632", "#26303e"),
    kinds={
        "input": ("#4a3708", "#e3ae3f"),
        "parameter": ("#153d22", "#5cc07c"),
        "leaf": ("#333333", "#a0a0a0"),
        "op": ("#163257", "#72abf5"),
        "backward": ("#4a2a0c", "#f0a45f"),
        "module": ("#35235c", "#b596f0"),
        "output": ("#5a1c18", "#f08479"),
    },
)

#: For paper: white fills, so that a copier keeps the text; the lines and shapes carry the difference.
PRINT = Theme(
    background="#ffffff",
    text="#000000",
    faint="#333333",
    edge="#333333",
    frame="#888888",
    modules=("#ffffff", "#ffffff", "#ffffff"),
    kinds={
        "input": ("#ffffff", "#000000"),
        "parameter": ("#ffffff", "#777777"),
        "leaf": ("#ffffff", "#777777"),
        "op": ("#e8e8e8", "#000000"),
        "backward": ("#ffffff", "#000000"),
        "module": ("#d8d8d8", "#000000"),
        "output": ("#c8c8c8", "#000000"),
    },
)

THEMES = {"light": LIGHT, "dark": DARK, "print": PRINT}


def theme_named(name: str, also: tuple[str, ...] = ()) -> Theme:
    """The theme of that name; ValueError for another, where `also` lists names that the caller knows."""
    if name not in THEMES:
        known = ", ".join(map(repr, (*THEMES, *also)))
        raise ValueError(f"graph: theme: expected one of {known}, got {name!r}")
    return THEMES[name]
