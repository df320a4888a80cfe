from __future__ import annotations

import json

import numpy as np

from tinygrad5329.training import describe_environment


def test_versions_and_machine() -> None:
    described = describe_environment()
    assert described["NumPy"] == np.__version__
    assert {"tinygrad5329", "Python", "BLAS", "scikit-learn", "system", "CPU cores"} <= set(described)
    assert int(described["CPU cores"]) >= 1
    assert all(isinstance(value, str) and value for value in json.loads(json.dumps(described)).values())
