"""What a worker answers, without its process."""

from __future__ import annotations

from tinygrad5329.search.studies.worker import _Trainer

TASK = """
from tinygrad5329.search import Choice, Space


class Leaving:
    name, steps, space = "leaving", 4, Space({"width": Choice(1, 2)})
    build = example = None

    def train(self, architecture, *, seed, report):
        report(2, 0.5)
        raise SystemExit(3)


task = Leaving()
"""


def test_a_training_that_leaves_has_failed_after_its_last_report(tmp_path):
    (tmp_path / "leaving.py").write_text(TASK, encoding="utf-8")
    told = []
    trainer = _Trainer(
        {"name": f"{tmp_path / 'leaving.py'}:task", "options": {}}, lambda each: told.append(each) or True
    )
    answer = trainer.answer({"architecture": {"width": 1}, "seed": 0})
    assert [each["steps"] for each in told] == [2]
    assert answer == {"kind": "failed", "error": "SystemExit: 3", "steps": 2, "seconds": told[0]["seconds"]}
