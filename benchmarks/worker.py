"""One peer in a process of its own: builds a workload and runs as many steps as it is asked to.

Speaks lines of JSON: reads ``{"workload": ...}`` or ``{"steps": n}``, answers with what it saw.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from typing import Any


def load(peer: str) -> tuple[Any, Any, Any]:
    """The modules that stand for ``torch``, ``torch.nn`` and ``torch.optim``."""
    name, _, threads = peer.partition(":")
    if name == "torch":
        import torch
        from torch import nn, optim

        if threads:
            torch.set_num_threads(int(threads))
        return torch, nn, optim
    if name == "tinygrad5329":
        import tinygrad5329 as tg
        from tinygrad5329 import nn, optim

        return tg, nn, optim
    raise SystemExit(f"unknown peer {peer!r}: torch, torch:THREADS or tinygrad5329[:THREADS]")


def main(peer: str) -> None:
    from benchmarks.workloads import WORKLOADS

    start = time.perf_counter()
    modules = load(peer)
    print(json.dumps({"import_s": time.perf_counter() - start, "pid": os.getpid()}), flush=True)
    step = None
    for line in sys.stdin:
        request = json.loads(line)
        if "workload" in request:
            step = WORKLOADS[request["workload"]](*modules)
            answer: dict[str, Any] = {"loss": float(step().item())}
        else:
            assert step is not None
            times = []
            for _ in range(request["steps"]):
                start = time.perf_counter()
                step()
                times.append(time.perf_counter() - start)
            answer = {"times": times, "peak_rss_kb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
