"""Naming the module in an error: where in the model did the failing operation run?

Nothing is tracked while all goes well. When an exception leaves a module's call, each module it passes, from
the inside out, adds its own step to the path: the outermost one thereby completes it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tinygrad5329.nn.module import Module

_PACKAGE = __name__.partition(".")[0]
# KeyError prints the repr of its argument, and a user's own exception class may give its arguments a meaning:
# those get a note instead of a longer message.
_MESSAGE_TYPES = (ValueError, TypeError, RuntimeError, IndexError, AttributeError)


class _Trail:
    """The modules one exception has passed, and the text it had before."""

    __slots__ = ("innermost", "last", "message", "note", "steps")

    def __init__(self, error: Exception, module: Module) -> None:
        self.innermost = self.last = module
        self.steps: list[str] = []
        self.note: str | None = None
        self.message = error.args[0] if _is_ours(error) else None

    def enter(self, module: Module) -> None:
        """Add the step that leads from `module` to the module seen last."""
        for name, child in module.named_modules():
            if child is self.last and name:
                self.steps.append(name)
                break
        else:
            # Held in a plain list or made on the fly: it has no name, its class must do.
            self.steps.append(f"<{self.last._get_name()}>")
        self.last = module

    def __str__(self) -> str:
        root = self.last._get_name()
        if not self.steps:
            return f"in {root}"
        return f"in {root}.{'.'.join(reversed(self.steps))} ({self.innermost._get_name()})"


def _is_ours(error: Exception) -> bool:
    """Whether this package raised `error`; a user's own error keeps its text word for word."""
    if type(error) is not NotImplementedError and type(error) not in _MESSAGE_TYPES:
        return False
    if len(error.args) != 1 or not isinstance(error.args[0], str):
        return False
    origin, traceback = "", error.__traceback__
    while traceback is not None:
        origin = traceback.tb_frame.f_globals.get("__name__", "")
        traceback = traceback.tb_next
    return origin == _PACKAGE or origin.startswith(_PACKAGE + ".")


def add_module_path(error: Exception, module: Module) -> None:
    """Tell, in `error`, that it passed through `module`.

    Errors raised by this package get the path appended to their message ("...; in Net.head (Linear)"),
    all others get it as a note (PEP 678), which tracebacks print.
    """
    trail: _Trail | None = getattr(error, "_module_trail", None)
    if trail is None:
        trail = _Trail(error, module)
        error._module_trail = trail  # type: ignore[attr-defined]
    elif trail.last is not module:
        trail.enter(module)
    text = str(trail)
    if trail.message is not None:
        error.args = (f"{trail.message}; {text}",)
        return
    notes: list[str] = getattr(error, "__notes__", [])
    if trail.note in notes:
        notes[notes.index(trail.note)] = text
    else:
        error.add_note(text)
    trail.note = text
