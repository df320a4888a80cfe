"""Running a script as Python would, with torch lent to this package."""

from __future__ import annotations

import io
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from tinygrad5329.compat.finder import install_as_torch

__all__ = ["run_script"]


def run_script(path: str, arguments: Sequence[str] = ()) -> int:
    """Run the file `path` as ``__main__`` after `install_as_torch`; returns the exit status.

    The process becomes the script's: ``sys.argv``, ``sys.path[0]`` and ``sys.modules["__main__"]`` are set as
    ``python path arguments...`` sets them, and stay so. An uncaught error prints the traceback that Python would
    print, from the script's first line on.

    Raises
    ------
    OSError
        The file cannot be read.
    RuntimeError
        PyTorch itself has been imported.
    """
    place = str(Path(path).absolute())  # as Python names it in ``__file__`` and in tracebacks
    with io.open_code(place) as file:
        source = file.read()
    install_as_torch()
    main = ModuleType("__main__")
    main.__file__ = place
    sys.modules["__main__"] = main
    sys.argv = [path, *arguments]
    if not sys.flags.safe_path:
        sys.path[0] = str(Path(path).resolve().parent)
    try:
        exec(compile(source, place, "exec", dont_inherit=True), main.__dict__)
    except SystemExit as stop:
        if stop.code is None or isinstance(stop.code, int):
            return stop.code or 0
        print(stop.code, file=sys.stderr)
        return 1
    except BaseException as error:
        trace = error.__traceback__.tb_next if error.__traceback__ else None  # without this function's own line
        error.__traceback__ = trace
        sys.excepthook(type(error), error, trace)
        return 128 + signal.SIGINT if isinstance(error, KeyboardInterrupt) else 1
    return 0
