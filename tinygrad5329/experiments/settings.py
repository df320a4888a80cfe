"""How studies are run: on which data, with which seeds and protocol, in how many processes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tinygrad5329.experiments.configuration import Configuration
from tinygrad5329.experiments.study import Row, Study

__all__ = ["DEFAULT_SEEDS", "Settings"]

DEFAULT_SEEDS = (0, 1, 2)
#: Epochs of a quick run, and of a try in quick tuning.
QUICK_EPOCHS = (2, 1)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How the studies are run.

    Attributes
    ----------
    data : str
        What ``load`` takes.
    default_data : bool
        Whether nobody named the data.
    jobs : int
        Processes.
    quick : bool
        Few rows and epochs, one seed.
    protocol : str
        Of all studies that do not fix it.
    seeds : tuple of int, optional
        Of all rows; by default each study's own, else 0, 1, 2.
    tables, command : str
        As asked for, for the record.
    """

    data: str
    default_data: bool = False
    jobs: int = 1
    quick: bool = False
    protocol: str = "validation"
    seeds: tuple[int, ...] | None = None
    tables: str | None = None
    command: str = ""

    def seeds_of(self, study: Study) -> tuple[int, ...]:
        """The seeds of a study's rows."""
        if self.seeds is not None:
            return self.seeds
        return DEFAULT_SEEDS[:1] if self.quick else study.seeds or DEFAULT_SEEDS

    def configuration(self, study: Study, row: Row, seed: int) -> Configuration:
        """The configuration of a row's run, before tuning."""
        change: dict[str, Any] = {"seed": seed}
        if not study.protocol_fixed:
            change["protocol"] = self.protocol
        return self._quickly(row.configuration.changed(change), QUICK_EPOCHS[0])

    def tries(self, row: Row) -> list[tuple[dict[str, Any], Configuration]]:
        """The tries of a row's tuning, each with its change; always judged on validation rows."""
        tuning = row.tuning
        if tuning is None:
            return []
        short = {
            "epochs": tuning.epochs,
            "warmup_epochs": min(row.configuration.warmup_epochs, tuning.epochs - 1),
            "seed": tuning.seed,
            "protocol": "validation",
        }
        return [
            (change, self._quickly(row.configuration.changed(change).changed(short), QUICK_EPOCHS[1]))
            for change in tuning.changes()
        ]

    def _quickly(self, configuration: Configuration, epochs: int) -> Configuration:
        if not self.quick:
            return configuration
        epochs = min(configuration.epochs, epochs)
        warmup = min(configuration.warmup_epochs, epochs - 1)
        return configuration.changed({"quick": True, "epochs": epochs, "warmup_epochs": warmup})
