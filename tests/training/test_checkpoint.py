from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy

import tinygrad5329 as tg
from tinygrad5329.training import CheckpointError, load_checkpoint, save_checkpoint
from tinygrad5329.training import checkpoint as module


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    state = {"epoch": 3, "model": {"weight": tg.arange(12.0).reshape(3, 4)}, "flags": np.array([True, False])}
    return save_checkpoint(tmp_path / "run.safetensors", state)


def test_round_trip(saved: Path) -> None:
    state = load_checkpoint(saved)
    assert state["epoch"] == 3
    assert state["model"]["weight"].tolist() == tg.arange(12.0).reshape(3, 4).tolist()
    assert state["flags"].tolist() == [True, False]


def test_other_tools_can_read_the_arrays(saved: Path) -> None:
    arrays = safetensors.numpy.load_file(saved)
    assert arrays["model.weight"].shape == (3, 4)


def test_every_truncation_is_noticed(saved: Path, tmp_path: Path) -> None:
    content = saved.read_bytes()
    broken = tmp_path / "broken.safetensors"
    for length in range(0, len(content), 7):
        broken.write_bytes(content[:length])
        with pytest.raises(CheckpointError, match=r"broken\.safetensors.*(truncated|not a safetensors|damaged)"):
            load_checkpoint(broken)


def test_every_flipped_byte_is_noticed(saved: Path, tmp_path: Path) -> None:
    content = saved.read_bytes()
    broken = tmp_path / "broken.safetensors"
    # The name and version of the writer are words for the reader, and no part of the state.
    start = content.index(b"written_by")
    told = range(start - 1, content.index(b'"', start + len(b'written_by":"')) + 1)
    for position in range(len(content)):
        if position in told:
            continue
        changed = bytearray(content)
        changed[position] ^= 0x01
        broken.write_bytes(bytes(changed))
        try:
            state = load_checkpoint(broken)
        except CheckpointError as error:
            assert "broken.safetensors" in str(error)
        else:  # only white space that pads the header may change
            assert content[position : position + 1] == b" "
            assert state["epoch"] == 3


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK\x03\x04 a zip",
        b"\x80\x04 a pickle" * 10,
        b"{}",
        b"\x02\0\0\0\0\0\0\0{}",
        b"\x04\0\0\0\0\0\0\0null",
        b"a" * 999,
    ],
)
def test_foreign_files(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "foreign.bin"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=r"foreign\.bin"):
        load_checkpoint(path)


def test_a_safetensors_file_of_somebody_else(tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    safetensors.numpy.save_file({"w": np.zeros(2, np.float32)}, path, {"format": "pt"})
    with pytest.raises(CheckpointError, match=r"weights.safetensors was not written by tinygrad5329.training.*'pt'"):
        load_checkpoint(path)


def test_a_newer_version(saved: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(module, "_VERSION", 2)
    newer = save_checkpoint(tmp_path / "newer.safetensors", {"a": 1})
    monkeypatch.undo()
    with pytest.raises(CheckpointError, match=r"newer\.safetensors has format version '2'.*update tinygrad5329"):
        load_checkpoint(newer)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"none\.safetensors does not exist"):
        load_checkpoint(tmp_path / "none.safetensors")


def test_nothing_is_written_when_the_state_cannot_be_saved(saved: Path) -> None:
    before = saved.read_bytes()
    with pytest.raises(TypeError, match=r"scheduler\.lr_lambda is a function"):
        save_checkpoint(saved, {"scheduler": {"lr_lambda": lambda epoch: 1}})
    assert saved.read_bytes() == before


def test_a_missing_safetensors_names_the_remedy(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "safetensors", None)
    monkeypatch.setitem(sys.modules, "safetensors.numpy", None)
    with pytest.raises(ImportError, match=r"pip install 'tinygrad5329\[train\]'"):
        load_checkpoint(saved)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_a_killed_writer_leaves_a_whole_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "run.safetensors"
    writer = (
        "import sys, numpy as np\n"
        "from tinygrad5329.training import save_checkpoint\n"
        "n = 0\n"
        "while True:\n"
        "    save_checkpoint(sys.argv[1], {'n': n, 'w': np.full(300_000, n)})\n"
        "    n += 1\n"
    )
    process = subprocess.Popen([sys.executable, "-c", writer, os.fspath(path)])
    deadline = time.monotonic() + 30
    while not path.exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    for _ in range(3):  # some writes are under way by then
        time.sleep(0.02)
        state = load_checkpoint(path)
        assert (state["w"] == state["n"]).all()
    process.kill()
    process.wait()
    state = load_checkpoint(path)
    assert (state["w"] == state["n"]).all()


def test_the_header_is_json_and_no_code(saved: Path) -> None:
    content = saved.read_bytes()
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    assert set(header["__metadata__"]) == {"format", "version", "written_by", "state", "sha256"}
