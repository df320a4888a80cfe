"""``CallSite``: the line of a program that runs an operation, the calls that led to it, and the module around it."""

from __future__ import annotations

import linecache
import sys
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from tinygrad5329.tape import Node, walk

__all__ = ["CallSite", "Frame", "ModuleChain", "call_site", "site_of"]

#: A file, a line of it and the function that it is in.
Frame = tuple[str, int, str]

_PACKAGE = __name__.partition(".")[0] + "."
_WALK = walk.__code__
#: How many calls of the program are kept.
_CALLS = 4


@dataclass(frozen=True, slots=True)
class CallSite:
    """Where an operation runs.

    Attributes
    ----------
    stack : tuple of Frame
        The innermost calls outside of this package, the last one first.
    module : str
        Names from the class of the outermost module to the innermost, such as ``Net.head.0``; empty outside of any.
    kind : str
        The class of the innermost module.
    rule : str
        The name of the node whose gradient rule runs it, where a backward pass is itself recorded.
    rule_site : CallSite or None
        Where that node was recorded, as far as that was noted.
    """

    stack: tuple[Frame, ...]
    module: str = ""
    kind: str = ""
    rule: str = ""
    rule_site: CallSite | None = None

    def __str__(self) -> str:
        file, line, function = self.stack[0]
        return f"{file}:{line} ({function})" + (f" in {self.module}" if self.module else "")

    def traceback(self) -> str:
        """The calls as Python prints them, the innermost last."""
        lines = []
        for file, line, function in reversed(self.stack):
            lines.append(f'  File "{file}", line {line}, in {function}')
            source = linecache.getline(file, line).strip()
            lines += [f"    {source}"] if source else []
        return "\n".join(lines)


class ModuleChain:
    """The modules that ran last, outermost first, and their names."""

    def __init__(self) -> None:
        self.modules: list[Any] = []
        self.path = self.kind = ""

    def look(self, modules: list[Any]) -> tuple[str, str]:
        """The path and class of the innermost of `modules`; looked for anew only if they have changed."""
        if len(modules) != len(self.modules) or any(a is not b for a, b in zip(modules, self.modules, strict=True)):
            self.modules, self.path = modules, _path(modules)
            self.kind = type(modules[-1]).__name__ if modules else ""
        return self.path, self.kind


def call_site(chain: ModuleChain) -> CallSite:
    """Where the operation runs whose observer calls this; `chain` keeps what was seen last."""
    frame: Any = sys._getframe(2)
    stack: list[Frame] = []
    modules: list[Any] = []
    rule_of: Node | None = None
    outermost = False
    while frame is not None:
        code = frame.f_code
        # What the engine compiles may have no name.
        if frame.f_globals.get("__name__", _PACKAGE).startswith(_PACKAGE):
            if code is _WALK and rule_of is None:
                rule_of = frame.f_locals.get("node")
        elif len(stack) < _CALLS and not outermost:
            stack.append((code.co_filename, frame.f_lineno, code.co_name))
            outermost = code.co_name == "<module>"
        if code.co_argcount and code.co_varnames[0] == "self":
            owner = frame.f_locals.get("self")
            if hasattr(type(owner), "named_modules") and (not modules or modules[-1] is not owner):
                modules.append(owner)
        frame = frame.f_back
    path, kind = chain.look(modules[::-1])
    # Names and places, and not the node: this note may outlive the graph.
    rule, rule_site = ("", None) if rule_of is None else (rule_of.name(), site_of(rule_of))
    return CallSite(tuple(stack) or (("<unknown>", 0, "?"),), path, kind, rule, rule_site)


def site_of(node: Node) -> CallSite | None:
    """Where `node` was recorded, if somebody noted it: the anomaly finder, or ``tg.graph.record``, lines alone."""
    note = node.meta or {}
    found = note.get("call_site")
    if found is not None:
        return found
    site = note.get("site")
    return CallSite((site,), note.get("module") or "") if isinstance(site, tuple) else None


def _path(modules: list[Any]) -> str:
    """The names from the outermost module to the innermost, as ``named_modules`` has them."""
    if not modules:
        return ""
    names = [type(modules[0]).__name__]
    for outer, inner in pairwise(modules):
        names.append(next((name for name, m in outer.named_modules() if m is inner), type(inner).__name__))
    return ".".join(names)
