"""Run every Python block of a Markdown file, each in a process and an empty folder of its own."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path


def main(path: str) -> None:
    text = Path(path).read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```", text, re.S | re.M)
    if not blocks:
        raise SystemExit(f"{path} has no Python blocks")
    for number, block in enumerate(blocks, 1):
        with tempfile.TemporaryDirectory() as empty:
            result = subprocess.run([sys.executable, "-c", block], cwd=empty, text=True, capture_output=True)
        if result.returncode:
            raise SystemExit(f"{path}: block {number} fails\n{block}\n{result.stderr}")
        print(f"{path}: block {number} of {len(blocks)} runs")


if __name__ == "__main__":
    main(sys.argv[1])
