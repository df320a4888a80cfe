"""The folder of a study."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

import tinygrad5329 as tg
from tinygrad5329 import nn
from tinygrad5329.search.output.write import write_study
from tinygrad5329.search.trial import Trial, best_of

pytest.importorskip("matplotlib")
pytest.importorskip("optuna")
pytest.importorskip("sklearn")


def page_of(folder):
    return (folder / "page.html").read_text(encoding="utf-8")


def test_writes_everything(written):
    files = {path.relative_to(written).as_posix() for path in written.rglob("*") if path.is_file()}
    figures = {"best-so-far", "learning-curves", "seconds", "importance", "decisions", "pareto-latency"}
    assert files == {
        *(f"{kind}.{suffix}" for kind, suffix in (("page", "html"), ("trials", "csv"), ("trials", "json"))),
        *(f"winner.{suffix}" for suffix in ("json", "py", "svg")),
        *(f"figures/{name}.{suffix}" for name in figures | {"pareto-parameters"} for suffix in ("svg", "png")),
    }


def test_the_page_stands_alone(written):
    page = page_of(written)
    assert not re.search(r'(src|href)="(?!#)', page.replace('xlink:href="#', ""))
    assert "@import" not in page and "url(http" not in page
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'<a href="#([\w-]+)"', page)) <= set(ids)


def test_what_users_wrote_is_escaped(written):
    assert "<b>digits</b>" not in page_of(written)
    assert "&lt;b&gt;digits&lt;/b&gt;" in page_of(written)


def test_the_page_says_what_was_spent_and_never_searched_with(written, made):
    page = page_of(written)
    total = sum(trial.steps for trial in made.trials(30))
    assert f"Of the budget of 40,000 training steps, {total:,} are spent" in page
    assert "The test rows were never used by the search" in page
    assert "DivergenceError: the loss is nan at step 120" in page


def test_the_winner_can_be_built_again(written, made):
    best = best_of(made.trials(30))
    values = json.loads((written / "winner.json").read_text())
    assert values["trial"] == best.number and values["value"] == best.value
    assert values["architecture"] == best.architecture
    assert values["measures"] == best.measures
    program: dict[str, object] = {"__name__": "winner"}
    exec((written / "winner.py").read_text(), program)
    built = program["model"]
    expected = made.task.build(best.architecture)
    assert repr(built) == repr(expected)
    assert built(made.task.example()).shape == (2, 4)
    drawing = (written / "winner.svg").read_text()
    assert drawing.startswith("<svg") and drawing.count("linear") >= len(best.architecture["layers"]) + 1


def test_no_trials(made, tmp_path):
    write_study(made.study([], budget=None), tmp_path)
    page = page_of(tmp_path)
    assert "Nothing found" in page and "None yet." in page and "without a budget" in page
    assert not (tmp_path / "winner.py").exists()


def test_failed_trials_alone_leave_no_winner_of_before(made, tmp_path):
    (tmp_path / "winner.json").write_text("of another study")
    failed = [replace(made.trials(6)[5], number=0)]
    write_study(made.study(failed), tmp_path)
    page = page_of(tmp_path)
    assert "One trial failed" in page and "the loss is nan" in page
    assert not (tmp_path / "winner.json").exists()


def test_a_running_study_says_so(made, tmp_path):
    trials = made.trials(3)
    architecture = trials[0].architecture
    trials += [Trial(3, architecture, "running", steps=100, reports=((100, 0.2),)), Trial(4, architecture, "waiting")]
    settings = {"supernet": {"steps": 5000, "seconds": 9.0}}
    write_study(made.study(trials, budget={"seconds": 60}, settings=settings), tmp_path)
    page = page_of(tmp_path)
    assert "One trial under way, 1 waiting" in page
    assert "shared weights (supernet)" in page
    assert "Too few trials to say: 3 trials complete, and it takes 20." in page


def test_many_trials_are_counted_not_listed(made, monkeypatch, tmp_path):
    from tinygrad5329.search.output import section_trials
    from tinygrad5329.search.output.record import record_of

    monkeypatch.setattr(section_trials, "MOST_ROWS", 4)
    section = section_trials.trials_section(record_of(made.study(made.trials(9))))
    assert len(section.blocks[0].rows) == 4
    assert section.blocks[1].text.startswith("And 5 more: `trials.csv`")
    numbers = [row[2].text for row in section.blocks[0].rows]
    assert numbers == sorted(numbers, reverse=True)


@pytest.mark.parametrize(
    ("lacking", "words"),
    [
        ({"build": lambda self, _: 5}, "TypeError: build: expected a Module, got 5; all trials are kept"),
        ({"example": lambda self: [1]}, r"TypeError: example: expected a Tensor, got \[1\]; all trials are kept"),
        ({"example": lambda self: tg.zeros(2, 3)}, "trial 0, the best, cannot be built and drawn: "),
    ],
)
def test_a_winner_that_cannot_be_drawn_is_said(made, tmp_path, lacking, words):
    with pytest.raises(RuntimeError, match=words):
        write_study(made.study(made.trials(1), task=type("Lacking", (type(made.task),), lacking)()), tmp_path)
    assert (tmp_path / "trials.json").exists()


def test_one_trial_whose_source_cannot_be_written(made, tmp_path):
    class Own(nn.Linear):
        """A layer of the task's own."""

    class OwnTask(type(made.task)):
        def build(self, architecture):
            return nn.Sequential(Own(6, 4))

    state = tg.default_generator.get_state()
    (tmp_path / "winner.py").write_text("of another study")
    write_study(made.study(made.trials(1), task=OwnTask()), tmp_path)
    page = page_of(tmp_path)
    assert "No source." in page and "Own" in page and "One trial" not in page
    assert "Too few trials to say: one trial complete" in page
    assert not (tmp_path / "winner.py").exists() and (tmp_path / "winner.svg").exists()
    assert bytes(tg.default_generator.get_state().numpy()) == bytes(state.numpy())
