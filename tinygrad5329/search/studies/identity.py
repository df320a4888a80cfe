"""What a stored study is a study of, so that none is gone on with as another."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tinygrad5329.search.studies.records import PHASE, begun_of, is_open
from tinygrad5329.search.studies.study_error import StudyError

if TYPE_CHECKING:
    import optuna

__all__ = ["claim_study", "forget_unbegun"]

#: The study's attribute that says it.
_ATTRIBUTE = "tinygrad5329"
_VERSION = 1


def claim_study(study: optuna.Study, task: dict[str, Any], algorithm: str, seed: int, where: str) -> None:
    """Write down what a new study is a study of, or compare it with what an existing one is.

    Parameters
    ----------
    study : optuna.Study
    task : dict
        :func:`~tinygrad5329.search.studies.task_reference.description_of` the task.
    algorithm : str
    seed : int
    where : str
        What messages call the storage.

    Raises
    ------
    StudyError
        If it is a study of something else; the message names the first difference.
    """
    ours = _claim(task, algorithm, seed)
    stored = study.user_attrs.get(_ATTRIBUTE)
    if stored is None:
        if study.get_trials(deepcopy=False):
            raise StudyError(f"{where}: another program's study of this name is there; name another storage")
        study.set_user_attr(_ATTRIBUTE, ours)
        stored = study.user_attrs.get(_ATTRIBUTE)
    difference = _difference(stored, ours)
    if difference is not None:
        name, theirs, own = difference
        raise StudyError(
            f"{where}: it holds a study with {name} {_short(theirs)}, not {_short(own)}; name another storage or "
            "folder, or repeat the command that began it"
        )


def forget_unbegun(study: optuna.Study, task: dict[str, Any], algorithm: str, seed: int) -> bool:
    """Delete a study of something else that never had a trial; returns whether it did.

    Otherwise limits that nothing can meet, once asked for, would bar the storage to those that were meant.
    """
    import optuna

    stored, trials = study.user_attrs.get(_ATTRIBUTE), study.get_trials(deepcopy=False)
    begun = begun_of(trials) or any(is_open(each) or PHASE in each.user_attrs for each in trials)
    if stored is None or begun or _difference(stored, _claim(task, algorithm, seed)) is None:
        return False
    optuna.delete_study(study_name=study.study_name, storage=study._storage)
    return True


def _claim(task: dict[str, Any], algorithm: str, seed: int) -> dict[str, Any]:
    return {
        "version": _VERSION,
        "task": json.loads(json.dumps(task, default=str)),
        "algorithm": algorithm,
        "seed": seed,
    }


def _difference(one: Any, other: Any, name: str = "") -> tuple[str, Any, Any] | None:
    if isinstance(one, dict) and isinstance(other, dict):
        for key in [*one, *(key for key in other if key not in one)]:
            found = _difference(one.get(key), other.get(key), f"{name}.{key}".lstrip("."))
            if found is not None:
                return found
        return None
    return None if one == other else (name, one, other)


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
