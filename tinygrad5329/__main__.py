"""``python -m tinygrad5329`` is the ``tinygrad5329`` command."""

from __future__ import annotations

from tinygrad5329.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
