"""Running PyTorch scripts on this engine: `import torch` that means tinygrad5329, in memory only.

Two kinds of files: those that lend the name (`facade`, `finder`, `script`, `doctor`), and PyTorch's probes and
switches of the environment (`cuda`, `amp`, `backends`, ...), which answer for what this engine is: NumPy on the CPU.
"""

from __future__ import annotations

from tinygrad5329.compat.doctor import examine
from tinygrad5329.compat.finder import install_as_torch, uninstall_as_torch
from tinygrad5329.compat.script import run_script

__all__ = ["examine", "install_as_torch", "run_script", "uninstall_as_torch"]
