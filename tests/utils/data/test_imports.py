"""What importing the package brings along."""

from __future__ import annotations

import subprocess
import sys


def test_nothing_optional_and_no_worker_machinery_is_imported():
    program = """
import sys
import tinygrad5329.utils.data
import tinygrad5329.utils.data.datasets, tinygrad5329.utils.data.transforms, tinygrad5329.utils.data.cifar10
optional = {"sklearn", "scipy", "pooch", "torch", "matplotlib", "tqdm", "safetensors", "pandas", "requests"}
found = sorted(optional & {name.split(".")[0] for name in sys.modules})
late = [name for name in sys.modules if name.startswith(("tinygrad5329.utils.data.w", "multiprocessing"))]
late = sorted(set(late) - {"tinygrad5329.utils.data.whole_batch", "tinygrad5329.utils.data.worker_info"})
print(found, late)
"""
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[] []"


def test_utils_is_an_attribute_of_the_package():
    import tinygrad5329 as tg

    assert tg.utils.data.DataLoader.__name__ == "DataLoader"
