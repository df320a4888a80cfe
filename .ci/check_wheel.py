"""Check an installed wheel from outside of the source tree: size, contents, import time, what importing pulls in."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import zipfile

#: 500 kB until the wheel had PyTorch's whole surface, which takes 651 kB even without docstrings and comments; the
#: compiled kernels and the replay of steps are 100 kB of it, the report's studies 110, graph and profiler 125, the
#: search 180.
WHEEL_LIMIT = 1_600_000
IMPORT_LIMIT = 0.150
OPTIONAL = [
    "matplotlib",
    "sklearn",
    "safetensors",
    "tqdm",
    "torch",
    "numba",
    "optuna",
    "cupy",
    "scipy",
    "graphviz",
    "pandas",
    "mpi4py",
]

TIME_IMPORT = """
import time, numpy
start = time.perf_counter()
import tinygrad5329
print(time.perf_counter() - start)
"""
LIST_OPTIONAL = f"""
import sys, tinygrad5329
print(*[name for name in {OPTIONAL!r} if name in sys.modules])
"""
TRAIN_A_STEP = """
import tinygrad5329 as tg
from tinygrad5329 import nn, optim

tg.manual_seed(0)
model = nn.Sequential(nn.Linear(8, 16), nn.GELU(), nn.Linear(16, 3))
optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
x, y = tg.randn(32, 8), tg.randint(0, 3, (32,))
losses = []
for _ in range(50):
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
    losses.append(loss.item())
assert losses[-1] < losses[0], losses
try:
    import nn as bare
except ImportError:
    pass
else:
    raise SystemExit(f"a bare top-level nn is importable: {bare.__path__}")
print("a training step works")
"""


def run(code: str) -> str:
    """The output of `code`, run by this interpreter in an empty folder."""
    with tempfile.TemporaryDirectory() as empty:
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
        command = [sys.executable, "-W", "error", "-c", code]
        return subprocess.run(
            command, cwd=empty, env=environment, check=True, stdout=subprocess.PIPE, text=True
        ).stdout.strip()


def main(wheel: str) -> None:
    size = os.path.getsize(wheel)
    print(f"wheel: {size / 1000:.0f} kB (limit {WHEEL_LIMIT / 1000:.0f} kB)")
    names = zipfile.ZipFile(wheel).namelist()
    stray = [n for n in names if not n.startswith("tinygrad5329")]
    pulled = run(LIST_OPTIONAL)
    seconds = min(float(run(TIME_IMPORT)) for _ in range(7))
    print(f"import, on top of NumPy: {1000 * seconds:.0f} ms (limit {1000 * IMPORT_LIMIT:.0f} ms)")
    print(run(TRAIN_A_STEP))
    failures = []
    if size > WHEEL_LIMIT:
        failures.append("the wheel is too large")
    if "tinygrad5329/py.typed" not in names:
        failures.append("py.typed is missing from the wheel")
    if stray:
        failures.append(f"the wheel installs files outside of the package: {stray[:5]}")
    if pulled:
        failures.append(f"importing the package imports optional packages: {pulled}")
    if seconds > IMPORT_LIMIT:
        failures.append("importing takes too long")
    if failures:
        raise SystemExit("; ".join(failures))


if __name__ == "__main__":
    main(sys.argv[1])
