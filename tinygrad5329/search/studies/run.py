"""``search.run``: a study from its beginning, or from where it stopped, to the end of its budget."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tinygrad5329.search.studies.algorithms import Algorithm, algorithm_named, check_task_for
from tinygrad5329.search.studies.budget import Budget
from tinygrad5329.search.studies.conduct import Order, conduct_here, conduct_with_workers
from tinygrad5329.search.studies.identity import claim_study, forget_unbegun
from tinygrad5329.search.studies.ledger import Ledger
from tinygrad5329.search.studies.one_shot import SHARE
from tinygrad5329.search.studies.one_shot_phase import Ranked, SharedWeights
from tinygrad5329.search.studies.owner import ownership
from tinygrad5329.search.studies.records import begun_of, to_trial
from tinygrad5329.search.studies.result import StudyResult
from tinygrad5329.search.studies.storage import close_storage, open_storage
from tinygrad5329.search.studies.study_error import StudyError, optuna_silent, require_optuna
from tinygrad5329.search.studies.task_reference import TaskReference, check_task, description_of
from tinygrad5329.search.studies.trial_run import Begun, TrialBook
from tinygrad5329.search.studies.view import View
from tinygrad5329.search.task import Task

if TYPE_CHECKING:
    import optuna

__all__ = ["run"]

#: A file among a study's, for shared weights.
_SUPERNET = "supernet"


def run(
    task: Task | TaskReference | str,
    algorithm: str = "evolution",
    budget: int | None = None,
    *,
    seconds: float | None = None,
    seed: int = 0,
    storage: str | os.PathLike[str] | None = None,
    name: str = "search",
    jobs: int = 1,
    out: str | os.PathLike[str] | None = None,
    progress: bool = True,
    options: Mapping[str, Any] | None = None,
    command: str | None = None,
) -> StudyResult:
    """Search for the architecture with the largest value, within a budget.

    The same call goes on with a study that was interrupted, and with a larger budget with one that had ended. Several
    calls at the same time, on one machine or on many that share a database, work on one study together.

    Parameters
    ----------
    task : Task, TaskReference or str
        A task; or the name of one (``"report"``, ``"mini"``, ``"cell"``, ``"FILE.py:NAME"``), which worker processes
        train.
    algorithm : str
        See :data:`~tinygrad5329.search.studies.algorithms.ALGORITHMS`.
    budget : int, optional
        Training steps of all trials together, failed and lost ones included. A trial begins only if its steps and
        those that running trials may still take fit in, so the budget is never overrun.
    seconds : float, optional
        Instead of steps: processor seconds. What a trial takes is not known before; one that reports when the budget
        is spent is stopped.
    seed : int
        Of all proposals and trainings; the trials all train with the same.
    storage : str or path, optional
        ``"study.db"``, ``"study.log"``, or a database's URL; by default ``study.db`` in ``out``, and without ``out``
        the memory of this process.
    name : str
        Of the study in the storage, which may hold several.
    jobs : int
        Worker processes of this call. A task that is given as an object is trained in this process, and takes 1.
    out : path, optional
        Folder for the page, the tables and the best architecture; see
        :func:`~tinygrad5329.search.output.write.write_study`.
    progress : bool
        Whether to say how it goes.
    options : mapping, optional
        Of a task given by name, such as ``{"data": "digits", "max_parameters": 100_000}``.
    command : str, optional
        What repeats it, for the page.

    Returns
    -------
    StudyResult

    Raises
    ------
    StudyError
        If it cannot be run as asked: an unknown algorithm, a storage that is damaged or holds another study, ...
    ImportError
        If a package is missing.
    KeyboardInterrupt
        After Ctrl-C; the trials so far are stored, and the same call goes on with them.
    """
    chosen = algorithm_named(algorithm)
    limit = Budget.of(budget, seconds)
    if type(seed) is not int or not 0 <= seed < 2**32:
        raise StudyError(f"seed: expected a whole number from 0 to 2**32 - 1, got {seed!r}")
    if not isinstance(name, str) or not name:
        raise StudyError(f"name: expected what the study is called in the storage, got {name!r}")
    if type(jobs) is not int or jobs < 1:
        raise StudyError(f"jobs: expected a whole number from 1 on, got {jobs!r}")
    task, reference = _task_of(task, dict(options or {}), jobs)
    check_task_for(chosen, task)
    if chosen.one_shot is not None and limit.unit != "steps":
        raise StudyError(f"algorithm {algorithm}: its budget is counted in steps, not in seconds")
    where = storage if storage is not None else (Path(out) / "study.db" if out is not None else None)
    shown = "the storage" if where is None else f"--storage: {_shown(where)}"
    started = _Started(task, reference, chosen, limit, seed, jobs, progress)
    require_optuna()
    with optuna_silent(), _plain_storage_errors(shown), ownership() as owner:
        opened = open_storage(where)
        try:
            study = _open_study(opened, name, chosen, task)
            if forget_unbegun(study, description_of(task), algorithm, seed):
                study = _open_study(opened, name, chosen, task)
            claim_study(study, description_of(task), algorithm, seed, shown)
            ledger = Ledger(study, limit, owner)
            supernet = started.carry_out(study, ledger, _supernet_folder(out, where))
            trials = ledger.trials()
        finally:
            close_storage(opened)
    read = [to_trial(each, task.space, trials) for each in begun_of(trials)]
    described = {key: value for key, value in description_of(task).items() if key != "space"}
    settings: dict[str, Any] = {"jobs": jobs, "name": name, "task": described}
    if supernet:
        settings["supernet"] = supernet
    if command is not None:
        settings["command"] = command
    result = StudyResult(task, algorithm, seed, limit, tuple(each for each in read if each is not None), settings)
    if out is None:
        return result
    from tinygrad5329.search.output.write import write_study

    written: Any = result  # its fields are read-only
    return replace(result, page=write_study(written, out)[0])


class _Started:
    """A study's settings, and carrying it out with them."""

    def __init__(
        self,
        task: Task,
        reference: TaskReference | None,
        algorithm: Algorithm,
        limit: Budget,
        seed: int,
        jobs: int,
        progress: bool,
    ) -> None:
        self.task = task
        self.reference = reference
        self.algorithm = algorithm
        self.limit = limit
        self.seed = seed
        self.jobs = jobs
        self.progress = progress

    def carry_out(self, study: optuna.Study, ledger: Ledger, folder: Path | None) -> dict[str, float]:
        """Until the budget is spent; returns what went into shared weights."""
        strategy, spent = self.algorithm.strategy, {}
        view = View(ledger, self.task.space, self.progress)
        try:
            if self.algorithm.one_shot is not None:
                shared = SharedWeights(study, ledger, self.algorithm.one_shot, math.floor(self.limit.amount * SHARE))
                book = TrialBook(study, ledger, self.task, self.algorithm, None, self.seed)

                def search(_: Begun) -> dict[str, Any]:
                    return {
                        "search": self.algorithm.one_shot,
                        "steps": shared.steps,
                        "seed": self.seed,
                        "folder": None if folder is None else str(folder),
                    }

                self._conduct(shared.begin, search, book, 1, view)
                strategy, spent = Ranked(shared.ranking), shared.spent
            book = TrialBook(study, ledger, self.task, self.algorithm, strategy, self.seed)

            def train(begun: Begun) -> dict[str, Any]:
                return {"architecture": begun.architecture, "seed": self.seed}

            if self._conduct(book.begin, train, book, self.jobs, view) == "exhausted":
                view.say(f"{self.algorithm.name} has nothing more to try; the rest of the budget is left")
        finally:
            view.close()
        return spent

    def _conduct(self, begin: Callable[[], Begun | str], order: Order, book: TrialBook, jobs: int, view: View) -> str:
        if self.reference is None:
            return conduct_here(begin, order, book, self.task, view)
        return conduct_with_workers(begin, order, book, self.reference, jobs, view)


def _task_of(task: Task | TaskReference | str, options: dict[str, Any], jobs: int) -> tuple[Task, TaskReference | None]:
    if isinstance(task, str):
        task = TaskReference(task, options)
    elif options:
        raise StudyError("options: they belong to a task given by name; this one has been made already")
    if isinstance(task, TaskReference):
        return task.load(), task
    if jobs > 1:
        raise StudyError(
            f"jobs: a task given as an object is trained in this process, so expected 1, got {jobs}; "
            "to have worker processes train it, name it as 'FILE.py:NAME'"
        )
    return check_task(task), None


def _open_study(storage: Any, name: str, algorithm: Algorithm, task: Task) -> optuna.Study:
    import optuna

    direction = optuna.study.StudyDirection
    directions = [direction.MAXIMIZE, *[direction.MINIMIZE] * (len(algorithm.objectives) - 1)]
    study = optuna.create_study(
        storage=storage,
        study_name=name,
        directions=directions,
        pruner=algorithm.pruner_for(task.steps),
        load_if_exists=True,
    )
    return study


def _supernet_folder(out: Any, where: Any) -> Path | None:
    if out is not None:
        return Path(out) / _SUPERNET
    if where is None or "://" in os.fspath(where):
        return None
    return Path(where).with_name(f"{Path(where).stem}-{_SUPERNET}")


def _shown(where: str | os.PathLike[str]) -> str:
    scheme, separator, _ = os.fspath(where).partition("://")
    return f"{scheme}://..." if separator else scheme  # the rest of a URL may hold a password


@contextmanager
def _plain_storage_errors(shown: str) -> Iterator[None]:
    """While entered, a storage that fails in the middle of the study is told in one line."""
    import optuna

    try:
        yield
    except optuna.exceptions.StorageInternalError as error:
        reason = str(error.__cause__ or error).strip().splitlines()[0]
        raise StudyError(f"{shown}: writing failed ({reason}); the trials so far are kept, start it again") from error
