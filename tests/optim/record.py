"""Write ``recorded.json``: what the installed PyTorch computes for the cases of the tests here.

Run ``python tests/optim/record.py`` after changing the cases.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def main() -> None:
    # Here, because importing this file must need neither PyTorch nor the tests on the path.
    import numpy as np
    import test_adam
    import test_rules
    import test_schedules
    import test_sgd
    import torch
    from conftest import Problem

    def last_values(name: str, options: dict[str, Any]) -> list[float]:
        problem = Problem(torch)
        values = problem.run(getattr(torch.optim, name)(problem.params, lr=0.05, **options))
        return np.concatenate([v.ravel() for v in values]).tolist()

    def rule_values(name: str, options: dict[str, Any]) -> list[float]:
        problem = Problem(torch)
        return test_rules.flat(problem.run(test_rules.make(torch, name, problem, **options))).tolist()

    recorded = {
        "SGD": {test_sgd.shown(o): last_values("SGD", o) for o in test_sgd.OPTIONS},
        "Adam": {test_adam.shown(o): last_values("Adam", o) for o in test_adam.OPTIONS},
        "AdamW": {test_adam.shown(o): last_values("AdamW", o) for o in test_adam.OPTIONS},
        **{
            name: {str(options): rule_values(name, options) for options in all_options}
            for name, all_options in test_rules.RULES.items()
        },
        "schedules": {
            name: test_schedules.rates(torch, make)[:: test_schedules.RECORDED_EVERY]
            for name, make in test_schedules.SCHEDULES.items()
        },
    }
    parts = []
    for kind, cases in recorded.items():
        lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(values)}" for name, values in cases.items())
        parts.append(f'"{kind}": {{\n{lines}\n}}')
    (Path(__file__).parent / "recorded.json").write_text("{\n" + ",\n".join(parts) + "\n}\n")


if __name__ == "__main__":
    main()
