"""Opening storages: what is damaged, something else, or out of reach is told in one line."""

from __future__ import annotations

import json
import os
import sqlite3
import sys

import optuna
import pytest

from tinygrad5329.search.studies.run import run
from tinygrad5329.search.studies.storage import open_storage
from tinygrad5329.search.studies.study_error import StudyError


@pytest.fixture(scope="module")
def files(tmp_path_factory, counting_task):
    """A finished study of each kind of file."""
    folder = tmp_path_factory.mktemp("storages")
    for name in ("study.db", "study.log"):
        run(counting_task(), "random", 8, storage=folder / name, progress=False)
    return {path.suffix: path.read_bytes() for path in folder.iterdir()}


def complaint(path):
    with pytest.raises(StudyError) as caught:
        open_storage(path)
    message = str(caught.value)
    assert "\n" not in message
    return message.replace(str(path), "FILE")


def test_a_file_is_recognised_by_what_is_in_it(tmp_path, files):
    for ending, kind in ((".db", optuna.storages.RDBStorage), (".log", optuna.storages.JournalStorage)):
        path = tmp_path / f"study{ending}.backup"
        path.write_bytes(files[ending])
        storage = open_storage(path)
        assert type(storage) is kind
        assert [study.study_name for study in storage.get_all_studies()] == ["search"]


def test_sqlite_files_are_written_ahead(tmp_path):
    storage = open_storage(tmp_path / "study.db")
    with storage.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 1
    assert storage.get_heartbeat_interval() == 30
    storage.engine.dispose()


def test_a_damaged_sqlite_file(tmp_path, files):
    path = tmp_path / "study.db"
    path.write_bytes(files[".db"][:16] + b"\xff" * 8_000 + files[".db"][8_016:])
    assert complaint(path).startswith("--storage: FILE is damaged, or no SQLite database (")
    path.write_bytes(files[".db"][: len(files[".db"]) // 2])
    assert "restore it, or name another file" in complaint(path)
    path.write_bytes(b"some text that is no database\n" * 50)
    assert complaint(path) == (
        "--storage: FILE is damaged, or no SQLite database (file is not a database); restore it, or name another file"
    )


def test_another_programs_database_is_left_alone(tmp_path):
    path = tmp_path / "notes.db"
    with sqlite3.connect(path) as base:
        base.execute("CREATE TABLE notes (text)")
    base.close()
    before = path.read_bytes()
    assert complaint(path) == "--storage: FILE is another program's database; name another file"
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda text: text[:-7], "line 1 is cut off"),
        (lambda text: text + b"garbage\n", "line 2 is no record of a study"),
        (lambda text: text + b"[1, 2]\n", "line 2 is no record of a study"),
        (lambda text: text + b"\xff\xfe\n" + text, "line 2 is no record of a study"),
        (lambda text: b'{"level": "info"}\n', "line 1 is no record of a study"),
    ],
)
def test_a_damaged_journal(tmp_path, files, damage, words):
    path = tmp_path / "study.log"
    path.write_bytes(damage(files[".log"].splitlines(keepends=True)[0]))
    remedy = "restore the file, delete the lines from there on, or name another file"
    assert complaint(path) == f"--storage: FILE is damaged: {words}; {remedy}"


def test_a_journal_whose_records_contradict_one_another(tmp_path, files):
    path = tmp_path / "study.log"
    record = json.loads(files[".log"].splitlines()[-1])
    path.write_text(json.dumps({**record, "op_code": 99}) + "\n", encoding="utf-8")
    assert complaint(path).startswith("--storage: FILE is damaged: its records contradict one another (")


@pytest.mark.parametrize(
    ("where", "words"),
    [
        (
            "study.txt",
            "expected a file with one of the endings .db, .sqlite, .sqlite3, .log, .journal, .jsonl, or a URL",
        ),
        ("nosuch://user:secret@host/name", "--storage: nosuch://... is no database that can be reached"),
        ("sqlite:////no/such/folder/\0/study.db", "expected the name of a file or a URL"),
        ("sqlite:////dev/null/study.db", "cannot be made: "),
    ],
)
def test_what_names_no_storage(tmp_path, monkeypatch, where, words):
    monkeypatch.chdir(tmp_path)
    message = complaint(where)
    assert words in message
    assert "secret" not in message


def test_a_folder_and_what_cannot_be_written(tmp_path):
    assert "is a folder; name a file in it, such as" in complaint(tmp_path)
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert "cannot be made: " in complaint(tmp_path / "file" / "study.db")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission(tmp_path):
    tmp_path.chmod(0o500)
    try:
        assert complaint(tmp_path / "study.db") == "--storage: FILE cannot be written; name another file"
    finally:
        tmp_path.chmod(0o700)


def test_missing_packages_are_named(tmp_path, monkeypatch):
    with pytest.raises(ImportError, match=r"postgresql://\.\.\.: the package that .* is missing \(.*\): pip install"):
        monkeypatch.setitem(sys.modules, "psycopg2", None)
        monkeypatch.setitem(sys.modules, "psycopg", None)
        open_storage("postgresql://user:secret@localhost/name")
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(ImportError, match=r"a study needs Optuna: pip install 'tinygrad5329\[search\]'"):
        open_storage(tmp_path / "study.db")
