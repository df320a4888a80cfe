"""What is said of a study that cannot be run as asked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["StudyError", "optuna_silent", "require_optuna"]

#: Before 5, constraints were told to samplers in another way.
_OPTUNA = 5


class StudyError(ValueError):
    """A study cannot be run as asked; the message says why and what to do, in one line."""


def require_optuna() -> None:
    """Complain of a missing Optuna.

    Raises
    ------
    ImportError
        With the command that installs it.
    """
    try:
        import optuna
    except ImportError as error:
        raise ImportError("a study needs Optuna: pip install 'tinygrad5329[search]'") from error
    if int(optuna.__version__.split(".")[0]) < _OPTUNA:
        raise ImportError(
            f"a study needs Optuna {_OPTUNA} or later, and this is {optuna.__version__}: "
            "pip install -U 'tinygrad5329[search]'"
        )


@contextmanager
def optuna_silent() -> Iterator[None]:
    """While entered, Optuna logs errors only: its own lines on every trial would stand between ours."""
    import optuna

    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        yield
    finally:
        optuna.logging.set_verbosity(verbosity)
