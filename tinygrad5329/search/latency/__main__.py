"""``python -m tinygrad5329.search.latency``."""

from __future__ import annotations

from tinygrad5329.search.latency.command import main

if __name__ == "__main__":
    raise SystemExit(main())
