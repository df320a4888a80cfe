"""Where a study is kept: a SQLite file, a journal file, or a database that several machines share."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tinygrad5329.search.studies.study_error import StudyError, require_optuna

if TYPE_CHECKING:
    from optuna.storages import BaseStorage, RDBStorage

__all__ = ["close_storage", "open_storage"]

#: Seconds between two signs of life of a running trial, and without one until it counts as lost.
HEARTBEAT, GRACE = 30, 120
#: Seconds that a process waits for the others' writes.
_PATIENCE = 60
#: Seconds after which the lock of a journal is that of a killed process; a record takes milliseconds.
_LOCKED = 10
_SQLITE, _JOURNAL = (".db", ".sqlite", ".sqlite3"), (".log", ".journal", ".jsonl")
_SQLITE_BEGIN = b"SQLite format 3\0"
#: Packages of the modules that SQLAlchemy asks for.
_DRIVERS = {
    "psycopg": "'psycopg[binary]'",
    "psycopg2": "psycopg2-binary",
    "pg8000": "pg8000",
    "MySQLdb": "mysqlclient",
    "pymysql": "PyMySQL",
    "mysql": "mysql-connector-python",
}
#: Of every database that Optuna made; another process may be about to make the rest.
_TABLES = {"studies", "trials", "version_info", "alembic_version"}


def open_storage(where: str | os.PathLike[str] | None) -> BaseStorage:
    """Open a storage, or make it.

    Parameters
    ----------
    where : str, path-like or None
        ``study.db`` (SQLite; also ``.sqlite``, ``.sqlite3``), ``study.log`` (a journal, for network disks; also
        ``.journal``, ``.jsonl``), a database's URL such as ``postgresql://user@host/name``, or None for memory.

    Raises
    ------
    StudyError
        If it cannot be opened or written, is damaged or is something else.
    ImportError
        If a package is missing.
    """
    require_optuna()
    import optuna

    if where is None:
        return optuna.storages.InMemoryStorage()
    text = os.fspath(where)
    if "\0" in text:
        raise StudyError(f"--storage: expected the name of a file or a URL, got {text!r}")
    if "://" in text:
        return _open_url(text)
    path = Path(text)
    if path.is_dir() or not path.name:
        raise StudyError(f"--storage: {path} is a folder; name a file in it, such as {path / 'study.db'}")
    kind = _kind(path)
    _check_writable(path)
    if kind == "journal":
        return _open_journal(path)
    _check_sqlite(path)
    return _open_database(f"sqlite:///{path.absolute()}", f"--storage: {path}")


def close_storage(storage: BaseStorage) -> None:
    """Let go of a database's connections; a SQLite file then stands for itself again, without a log beside it."""
    storage.remove_session()
    engine = getattr(storage, "engine", None)
    if engine is not None:
        engine.dispose()


def _kind(path: Path) -> str:
    begin = b""
    if path.is_file():
        try:
            with open(path, "rb") as file:
                begin = file.read(len(_SQLITE_BEGIN))
        except OSError as error:
            raise StudyError(f"--storage: {path} cannot be read: {error.strerror}") from error
    if begin == _SQLITE_BEGIN or (path.suffix.lower() in _SQLITE and not begin.startswith(b'{"op_code"')):
        return "sqlite"
    if begin.startswith(b'{"op_code"') or path.suffix.lower() in _JOURNAL:
        return "journal"
    endings = ", ".join((*_SQLITE, *_JOURNAL))
    raise StudyError(f"--storage: expected a file with one of the endings {endings}, or a URL, got {str(path)!r}")


def _check_writable(path: Path) -> None:
    folder = path.absolute().parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StudyError(f"--storage: the folder {folder} cannot be made: {error.strerror}") from error
    if not os.access(folder, os.W_OK) or (path.exists() and not os.access(path, os.W_OK)):
        raise StudyError(f"--storage: {path} cannot be written; name another file")


def _check_sqlite(path: Path) -> None:
    """Complain of a damaged file and of other programs' databases, before Optuna adds its tables to them."""
    if not path.exists() or path.stat().st_size == 0:
        return
    damaged = f"--storage: {path} is damaged, or no SQLite database"
    try:
        with contextlib.closing(sqlite3.connect(path, timeout=_PATIENCE)) as base:
            verdict = base.execute("PRAGMA quick_check(1)").fetchone()[0]
            tables = {row[0] for row in base.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    except sqlite3.DatabaseError as error:
        raise StudyError(f"{damaged} ({error}); restore it, or name another file") from error
    if verdict != "ok":
        raise StudyError(f"{damaged} ({verdict}); restore it, or name another file")
    if tables and not tables & _TABLES:
        raise StudyError(f"--storage: {path} is another program's database; name another file")


def _open_url(url: str) -> BaseStorage:
    scheme = url.split("://")[0]
    shown = f"--storage: {scheme}://..."  # the rest may hold a password
    if scheme.split("+")[0] == "sqlite":
        name = url.split("://", 1)[1].removeprefix("/").split("?")[0]
        if name and name != ":memory:":
            _check_writable(Path(name))
            _check_sqlite(Path(name))
    return _open_database(url, shown)


def _open_database(url: str, shown: str) -> BaseStorage:
    import optuna
    import sqlalchemy.exc

    sqlite = url.startswith("sqlite")
    settings: dict[str, Any] = {"connect_args": {"timeout": _PATIENCE}} if sqlite else {}
    url = url.replace("{", "{{").replace("}", "}}")  # Optuna formats it
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            storage = _made_together(
                lambda: optuna.storages.RDBStorage(
                    url, engine_kwargs=settings, heartbeat_interval=HEARTBEAT, grace_period=GRACE
                )
            )
    except ImportError as error:
        reason = error.__cause__ or error
        package = _DRIVERS.get(getattr(reason, "name", None) or "")
        remedy = f"pip install {package}" if package else "install it, or name another driver in the URL"
        raise ImportError(
            f"{shown}: the package that talks to this database is missing ({reason}): {remedy}"
        ) from error
    except (sqlalchemy.exc.NoSuchModuleError, sqlalchemy.exc.ArgumentError) as error:
        raise StudyError(
            f"{shown} is no database that can be reached ({_first_line(error)}); "
            "name a .db or .log file, or a URL such as postgresql://user@host/name"
        ) from error
    except (sqlalchemy.exc.SQLAlchemyError, optuna.exceptions.OptunaError, RuntimeError, AssertionError) as error:
        reason = error.__cause__ or error
        raise StudyError(f"{shown} cannot be opened ({_first_line(reason)})") from error
    if sqlite:
        _write_ahead(storage.engine)
    return storage


def _made_together(open_it: Callable[[], RDBStorage]) -> RDBStorage:
    """Open a database whose tables another process may be making at the same time."""
    import sqlalchemy.exc

    for _ in range(9):
        try:
            return open_it()
        except sqlalchemy.exc.DBAPIError as error:
            if "already exists" not in str(error) and not isinstance(error, sqlalchemy.exc.IntegrityError):
                raise
            time.sleep(0.1)
    return open_it()


def _write_ahead(engine: Any) -> None:
    """Let SQLite append what is written to a log beside the file, without waiting for the disk each time.

    A trial is some thirty writes. A killed process loses none of them, a power cut perhaps the last, and readers do
    not wait for writers.
    """
    import sqlalchemy

    def prepare(connection: Any, _: Any) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = NORMAL")
        cursor.close()

    sqlalchemy.event.listen(engine, "connect", prepare)
    engine.dispose()  # connections from before


def _open_journal(path: Path) -> BaseStorage:
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock, JournalFileSymlinkLock

    _check_journal(path)
    name = str(path.absolute())  # a lock by a link to a relative name would never be found stale
    kind = JournalFileOpenLock if os.name == "nt" else JournalFileSymlinkLock
    lock = kind(name, grace_period=_LOCKED)
    try:
        return JournalStorage(JournalFileBackend(name, lock_obj=lock))
    except (ValueError, KeyError, TypeError, AssertionError, AttributeError) as error:
        raise StudyError(f"--storage: {path} is damaged: its records contradict one another ({error!r})") from error


def _check_journal(path: Path) -> None:
    if not path.exists():
        return
    for _ in range(5):
        problem = _journal_problem(path)
        if problem is None or "cut off" not in problem:
            break
        time.sleep(0.1)  # another process may be writing this line
    if problem is not None:
        raise StudyError(
            f"--storage: {path} is damaged: {problem}; restore the file, delete the lines from there on, "
            "or name another file"
        )


def _journal_problem(path: Path) -> str | None:
    with open(path, "rb") as file:
        for number, line in enumerate(file, start=1):
            if not line.endswith(b"\n"):
                return f"line {number} is cut off"
            try:
                if type(json.loads(line)["op_code"]) is not int:
                    raise TypeError
            except (ValueError, KeyError, TypeError):
                return f"line {number} is no record of a study"
    return None


def _first_line(error: BaseException) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
