from __future__ import annotations

import os
from pathlib import Path

import pytest

from tinygrad5329.training import RunConfig
from tinygrad5329.training.run_folder import RunError, RunFolder

CONFIG = RunConfig(lr=0.1)


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    made = RunFolder(tmp_path / "runs" / "a")
    made.start(CONFIG, overwrite=False)
    return made


def test_a_new_run_can_be_resumed(folder: RunFolder) -> None:
    assert folder.holds_run
    assert not folder.is_finished
    assert folder.resume({"lr": 0.1}) == CONFIG


def test_an_empty_folder_is_fine(tmp_path: Path) -> None:
    RunFolder(tmp_path).start(CONFIG, overwrite=False)


def test_neither_runs_nor_other_files_are_overwritten_unasked(folder: RunFolder, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="holds an unfinished run; add --resume to go on with it, --overwrite"):
        folder.start(CONFIG, overwrite=False)
    folder.metrics.write_text("{}")
    with pytest.raises(RunError, match="holds a finished run; add --overwrite"):
        folder.start(CONFIG, overwrite=False)
    other = tmp_path / "photos"
    other.mkdir()
    (other / "cat.jpg").write_text("meow")
    with pytest.raises(RunError, match="is not empty and holds no run"):
        RunFolder(other).start(CONFIG, overwrite=False)


def test_overwrite_deletes_the_files_of_a_run_and_no_others(folder: RunFolder) -> None:
    for name in (*RunFolder.FILES, "notes.txt", ".checkpoint.safetensors.ab12.partial"):
        (folder.path / name).write_text("old")
    folder.start(CONFIG, overwrite=True)
    assert sorted(file.name for file in folder.path.iterdir()) == ["config.json", "notes.txt"]
    assert not folder.is_finished


def test_resume_needs_a_run_and_the_same_options(folder: RunFolder, tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"--resume: there is no run in .*nowhere"):
        RunFolder(tmp_path / "nowhere").resume({})
    with pytest.raises(RunError, match=r"--resume: --lr 0\.2 \(the run has 0\.1\) would change the run"):
        folder.resume({"lr": 0.2})
    folder.config.write_text("{")
    with pytest.raises(RunError, match=r"config\.json is damaged"):
        folder.resume({})
    folder.config.write_text('{"lr": 1}')
    with pytest.raises(RunError, match=r"config\.json is damaged: the saved options are lr"):
        folder.resume({})


def test_out_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="is a file; name a folder"):
        RunFolder(tmp_path / "file").start(CONFIG, overwrite=True)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(RunError, match="cannot write into"):
            RunFolder(tmp_path / "a").start(CONFIG, overwrite=False)
    finally:
        tmp_path.chmod(0o700)
