"""From studies to their outcome: which runs they need, which are missing, and what came of all."""

from __future__ import annotations

import time
import tomllib
from collections.abc import Sequence
from pathlib import Path

from tinygrad5329.experiments.cache import RunCache
from tinygrad5329.experiments.code_version import code_version
from tinygrad5329.experiments.lock import locked
from tinygrad5329.experiments.plan import Plan
from tinygrad5329.experiments.preparation import Source
from tinygrad5329.experiments.results import Outcome, study_result
from tinygrad5329.experiments.settings import Settings
from tinygrad5329.experiments.study import Study
from tinygrad5329.training.environment import describe_environment

__all__ = ["reproduce"]


def reproduce(studies: Sequence[Study], out: Path, settings: Settings) -> Outcome:
    """Make the runs that the studies need and that ``out/runs`` does not have, and gather the results.

    Raises
    ------
    ValueError, OSError
        If the data cannot be loaded, a study asks for an optimizer, option or network that cannot be, or another
        report is at work in the folder.
    ImportError
        If a package is missing.
    KeyboardInterrupt
        After Ctrl-C; what is finished is stored.
    """
    started = time.perf_counter()
    try:
        source = Source(settings.data)
    except (ValueError, OSError) as error:
        raise ValueError(f"--data: {error}") from error
    if (source.arrays.train_x == source.arrays.train_x[0]).all():
        raise ValueError(f"--data: all training rows of {source.name} are the same; there is nothing to learn from")
    cache = RunCache(out / "runs", code_version(), source.fingerprint)
    plan = Plan(studies, settings, source, cache)
    plan.check()
    cache.prepare()
    with locked(cache.folder):
        cache.tidy()
        made = plan.make()
    results = tuple(study_result(study, [plan.result(study, row) for row in study.rows]) for study in studies)
    facts = source.facts(settings.protocol, settings.quick)
    return Outcome(
        studies=results,
        settings={
            "protocol": settings.protocol,
            "seeds": sorted({seed for study in studies for seed in settings.seeds_of(study)}),
            "quick": settings.quick,
            "jobs": settings.jobs,
            "tables": settings.tables,
            "command": settings.command,
        },
        data=facts.as_dict() | {"source": settings.data, "default": settings.default_data},
        environment=describe_environment(),
        code=cache.code,
        wall_seconds=time.perf_counter() - started,
        runs_new=made,
        runs_found=len(plan.keys()) - made,
        facts=tomllib.loads((Path(__file__).parent / "report.toml").read_text(encoding="utf-8")),
        finished_at=time.strftime("%Y-%m-%dT%H:%M:%S%z"),
    )
