"""Shared weights first, then their ranking: interrupted, gone on with, counted."""

from __future__ import annotations

import pytest

from tinygrad5329.search.studies import one_shot
from tinygrad5329.search.studies.run import run
from tinygrad5329.search.studies.study_error import StudyError


class FakeSearch:
    """Reports every 5 steps, remembers the last one in its folder, and is interrupted once after 10."""

    ranking = tuple({"layers": [{"width": width}], "size": 1, "optimizer": "adamw"} for width in (2, 3, 1))
    interruptions = 1
    fails = False

    def search(self, task, *, steps, seed, folder=None, report=None):
        folder.mkdir(parents=True, exist_ok=True)
        checkpoint = folder / "steps"
        taken = int(checkpoint.read_text(encoding="utf-8")) if checkpoint.exists() else 0
        while taken < steps:
            taken += 5
            if taken == 15 and FakeSearch.interruptions:
                FakeSearch.interruptions -= 1
                raise KeyboardInterrupt
            if self.fails:
                raise ValueError("it has no supernet")
            checkpoint.write_text(str(taken), encoding="utf-8")
            report(taken, self.ranking[0])
        return list(self.ranking)


@pytest.fixture
def fake(monkeypatch, counting_task):
    from pathlib import Path

    class Folder(FakeSearch):
        def search(self, task, *, folder, **more):
            return super().search(task, folder=Path(folder), **more)

    for name in ("supernet", "search_data", "defaults"):
        monkeypatch.setattr(counting_task, name, None, raising=False)
    monkeypatch.setattr(FakeSearch, "interruptions", 0)
    monkeypatch.setattr(one_shot, "search_of", lambda name: Folder())
    return FakeSearch


def test_half_goes_into_shared_weights_and_the_rest_trains_their_ranking(tmp_path, counting_task, fake):
    result = run(counting_task(), "darts", 40, storage=tmp_path / "study.log", progress=False)
    assert [trial.architecture for trial in result.trials] == list(fake.ranking)
    assert [trial.number for trial in result.trials] == [1, 2, 3]
    assert result.settings["supernet"]["steps"] == 20
    assert result.steps == 20 + 3 * 4
    assert result.best.value == 0.3


def test_an_interrupted_search_goes_on_from_its_checkpoint(tmp_path, monkeypatch, counting_task, fake):
    monkeypatch.setattr(FakeSearch, "interruptions", 1)
    with pytest.raises(KeyboardInterrupt):
        run(counting_task(), "darts", 40, storage=tmp_path / "study.log", progress=False)
    result = run(counting_task(), "darts", 40, storage=tmp_path / "study.log", progress=False)
    # 10 were reported, 5 more are charged for what was lost after them, and 10 more were to take.
    assert result.settings["supernet"]["steps"] == 25
    assert [trial.number for trial in result.trials] == [2, 3, 4]
    assert result.steps == 37
    assert (tmp_path / "study-supernet" / "steps").read_text(encoding="utf-8") == "20"
    again = run(counting_task(), "darts", 40, storage=tmp_path / "study.log", progress=False)
    assert again.trials == result.trials


def test_what_cannot_be_searched_with_shared_weights_is_said(tmp_path, monkeypatch, counting_task, fake):
    with pytest.raises(StudyError, match="darts: its budget is counted in steps, not in seconds"):
        run(counting_task(), "darts", seconds=5, storage=tmp_path / "study.log", progress=False)
    monkeypatch.delattr(counting_task, "supernet")
    with pytest.raises(StudyError, match=r"algorithm darts: .* and the task counting has no supernet; take"):
        run(counting_task(), "darts", 40, storage=tmp_path / "study.log", progress=False)
    monkeypatch.setattr(counting_task, "supernet", None, raising=False)
    monkeypatch.setattr(fake, "fails", True)
    with pytest.raises(StudyError, match="training the shared weights failed: ValueError: it has no supernet"):
        run(counting_task(), "darts", 40, storage=tmp_path / "study.log", progress=False)
