"""``python -m benchmarks.search_evidence --data FOLDER --out DIR``: every search algorithm, on the same budget.

Each algorithm searches the report's space with each seed, a study to itself in ``DIR/ALGORITHM-SEED``; networks are
held to the parameters of the report's best model. The studies go on where they were interrupted. At the end the page
that compares them is written into ``DIR``; see ``tinygrad5329.search.output.compare``.
"""

from __future__ import annotations

import argparse
import itertools
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ALGORITHMS = "random greedy hyperband evolution pnas enas rlnas rlnas-fit darts darts2"
BEST_MODEL = 168_202


def study(options: argparse.Namespace, seed: int, algorithm: str) -> Path | None:
    """Run one study to its end; gives its folder, or None if it failed, after saying why."""
    folder = Path(options.out) / f"{algorithm}-{seed}"
    command = [
        sys.executable, "-m", "tinygrad5329", "search", "--space", "report", "--data", options.data,
        "--epochs", str(options.epochs), "--max-parameters", str(BEST_MODEL), "--algo", algorithm,
        "--budget", str(options.budget), "--seed", str(seed), "--jobs", "1", "--out", str(folder),
    ]  # fmt: skip
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    failed = done.returncode != 0
    said = (done.stderr.strip().splitlines()[-1:] if failed else done.stdout.strip().splitlines()[-4:]) or ["?"]
    print(f"{folder.name}: {'failed: ' if failed else ''}{'; '.join(said)}", flush=True)
    return None if failed else folder


def main() -> int:
    """Run all studies, then compare those that came to their end; 1 if one did not."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, help="a data set's name or folder")
    parser.add_argument("--out", required=True, help="folder of the studies and of the comparison")
    parser.add_argument("--algorithms", default=ALGORITHMS, help=f"names (default: {ALGORITHMS})")
    parser.add_argument("--seeds", type=int, default=3, help="studies an algorithm, with seeds 0 to N-1 (default: 3)")
    parser.add_argument("--budget", type=int, default=56_250, help="training steps of a study (default: 56,250)")
    parser.add_argument("--epochs", type=int, default=5, help="of one training (default: 5)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="studies at a time (default: cores)")
    options = parser.parse_args()
    # Seed by seed, so that a machine that is busy for a while disturbs all algorithms alike.
    pairs = list(itertools.product(range(options.seeds), options.algorithms.split()))
    with ThreadPoolExecutor(options.jobs) as pool:
        folders = list(pool.map(lambda pair: study(options, *pair), pairs))
    ended = [str(folder) for folder in folders if folder is not None]
    compare = [sys.executable, "-m", "tinygrad5329.search.output.compare", *ended, "--out", options.out]
    subprocess.run(compare, check=True)
    return int(len(ended) < len(folders))


if __name__ == "__main__":
    sys.exit(main())
