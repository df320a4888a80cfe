from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from tinygrad5329 import atomic
from tinygrad5329.atomic import remove_partial_files, write_atomically


def test_writes_text_bytes_and_missing_folders(tmp_path: Path) -> None:
    path = write_atomically(tmp_path / "a" / "b" / "c.txt", "grün\n")
    assert path.read_bytes() == "grün\n".encode()
    write_atomically(path, b"\x00\n")
    assert path.read_bytes() == b"\x00\n"
    assert [file.name for file in path.parent.iterdir()] == ["c.txt"]


@pytest.mark.parametrize("step", ["write", "flush", "fsync", "replace"])
def test_a_failure_at_any_step_keeps_the_previous_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    path = write_atomically(tmp_path / "file", b"old")

    def fail(*args: object) -> None:
        raise OSError(28, "No space left on device")

    if step in ("fsync", "replace"):
        monkeypatch.setattr(os, step, fail)
    else:
        real = os.fdopen

        class Full:
            def __init__(self, descriptor: int, mode: str) -> None:
                self.file = real(descriptor, mode)

            def __enter__(self) -> Full:
                return self

            def __exit__(self, *error: object) -> None:
                self.file.close()

            def write(self, data: bytes) -> None:
                self.file.write(data[:1])
                if step == "write":
                    fail()

            def flush(self) -> None:
                fail()

        monkeypatch.setattr(os, "fdopen", Full)
    with pytest.raises(OSError, match="No space left"):
        write_atomically(path, b"new and longer")
    assert path.read_bytes() == b"old"
    assert [file.name for file in tmp_path.iterdir()] == ["file"]


def test_a_kill_before_the_rename_keeps_the_previous_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_atomically(tmp_path / "file", b"old")

    class Killed(BaseException):
        pass

    def die(*args: object) -> None:
        raise Killed

    # Killed outright, so not even the clean-up runs: the half-written file stays behind.
    monkeypatch.setattr(os, "replace", die)
    monkeypatch.setattr(atomic.Path, "unlink", die)
    with pytest.raises(Killed):
        write_atomically(path, b"new")
    monkeypatch.undo()
    assert path.read_bytes() == b"old"
    leftovers = remove_partial_files(tmp_path)
    assert len(leftovers) == 1
    assert [file.name for file in tmp_path.iterdir()] == ["file"]
    assert write_atomically(path, b"new").read_bytes() == b"new"


@pytest.mark.skipif(os.name == "nt", reason="POSIX permissions and links")
def test_permissions_follow_the_umask_and_links_are_followed(tmp_path: Path) -> None:
    umask = os.umask(0o022)
    try:
        path = write_atomically(tmp_path / "file", b"old")
    finally:
        os.umask(umask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    link = tmp_path / "link"
    link.symlink_to(path)
    write_atomically(link, b"new")
    assert link.is_symlink()
    assert path.read_bytes() == b"new"
