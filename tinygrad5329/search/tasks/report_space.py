"""The space of the report's task: everything that the report tuned, and what its reflection names beyond it."""

from __future__ import annotations

from tinygrad5329.search.domains import Choice, Domain, Float, Value
from tinygrad5329.search.networks.fronts import EXTRACTORS
from tinygrad5329.search.networks.stack import ACTIVATIONS, NORMALISATIONS
from tinygrad5329.search.parts import Stack
from tinygrad5329.search.space import Space

__all__ = ["TRAINING_DEFAULTS", "report_space", "training_parts"]

_WIDTHS = (32, 64, 128, 256, 512)
_DROPOUTS = (0.0, 0.1, 0.2, 0.3, 0.5)
#: Decisions of :func:`training_parts`, for algorithms that do not search them: the report's best training.
TRAINING_DEFAULTS: dict[str, Value] = {"optimizer": "sgd", "sgd_lr": 0.05, "weight_decay": 1e-4, "schedule": "cosine"}


def report_space(max_depth: int = 4) -> Space:
    """Networks of 1 to ``max_depth`` layers for scaled features, and how they are trained.

    Examples
    --------
    >>> len(report_space().slots)
    24
    """
    layer = {
        "width": Choice(*_WIDTHS),
        "activation": Choice(*ACTIVATIONS),
        "normalisation": Choice(*NORMALISATIONS),
        "form": Choice("plain", "residual"),
    }
    return Space(
        {
            "extractor": Choice(*EXTRACTORS),
            "layers": Stack(1, max_depth, layer),
            "dropout": Choice(*_DROPOUTS),
            **training_parts(),
        }
    )


def training_parts() -> dict[str, Domain]:
    """The decisions on the training: optimizer, learning rate by optimizer, weight decay, schedule."""
    return {
        "optimizer": Choice("sgd", "adamw"),
        "sgd_lr": Float(0.005, 0.5, log=True, when={"optimizer": "sgd"}),
        "adamw_lr": Float(3e-4, 3e-2, log=True, when={"optimizer": "adamw"}),
        "weight_decay": Float(1e-6, 1e-2, log=True),
        "schedule": Choice("constant", "cosine", "onecycle"),
    }
