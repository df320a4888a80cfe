"""The calls on which compiled kernels are compared to NumPy's: a file for each family, found by its presence.

Every name in ``TWINS`` needs a ``row(...)``, or ``elsewhere(...)``; the suite fails without one.
"""

from importlib import import_module
from pathlib import Path

from .row import ELSEWHERE, ROWS, Row

__all__ = ["ELSEWHERE", "ROWS", "Row"]

for _path in sorted(Path(__file__).parent.glob("*.py")):
    if _path.stem not in ("__init__", "row"):
        import_module(f"{__name__}.{_path.stem}")
