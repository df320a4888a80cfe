"""How much a study may spend, in training steps or in processor seconds."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from tinygrad5329.search.studies.study_error import StudyError

__all__ = ["Budget"]

_UNITS = {"s": 1, "m": 60, "h": 3600}


@dataclass(frozen=True)
class Budget:
    """A limit on the sum over all trials of a study, whatever became of them.

    Attributes
    ----------
    unit : {"steps", "seconds"}
        Training steps, or processor seconds of the processes that train.
    amount : float
        Of these; whole for steps.

    Examples
    --------
    >>> Budget.parse("120000")
    Budget(unit='steps', amount=120000)
    >>> Budget.parse("20m")
    Budget(unit='seconds', amount=1200.0)
    """

    unit: str
    amount: float

    @classmethod
    def of(cls, steps: int | None = None, seconds: float | None = None) -> Budget:
        """The one of the two that is given.

        Raises
        ------
        StudyError
            If it is not one of them, or not above 0.
        """
        if (steps is None) == (seconds is None):
            raise StudyError("budget: expected either a budget of steps or seconds=..., got " + _got(steps, seconds))
        if steps is not None:
            if type(steps) is not int or steps < 1:
                raise StudyError(f"budget: expected a whole number of steps from 1 on, got {steps!r}")
            return cls("steps", steps)
        if type(seconds) not in (int, float) or not math.isfinite(seconds or 0.0) or not seconds or seconds <= 0:
            raise StudyError(f"budget: expected a number of seconds above 0, got {seconds!r}")
        return cls("seconds", float(seconds))

    @classmethod
    def parse(cls, text: str) -> Budget:
        """From ``"N"`` steps, or ``"90s"``, ``"20m"``, ``"1.5h"`` of processor time.

        Raises
        ------
        StudyError
            If it is neither.
        """
        match = re.fullmatch(r"(\d+(?:_\d+)*|\d*\.?\d+(?=[smh]))([smh]?)", text.strip())
        if match is None or float(match[1]) <= 0:
            raise StudyError(
                f"--budget: expected a number of steps such as 120000, or processor time such as 90s, 20m or 1.5h, "
                f"got {text!r}"
            )
        if match[2]:
            return cls.of(seconds=float(match[1]) * _UNITS[match[2]])
        return cls.of(steps=int(match[1]))

    def __str__(self) -> str:
        return f"{self.amount:,} steps" if self.unit == "steps" else f"{self.amount:,.10g} processor seconds"

    def as_dict(self) -> dict[str, float]:
        """For JSON: ``{"steps": N}`` or ``{"seconds": S}``."""
        return {self.unit: self.amount}


def _got(steps: object, seconds: object) -> str:
    return "none" if steps is None and seconds is None else f"{steps!r} and {seconds!r}"
