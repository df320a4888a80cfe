"""``python -m benchmarks.completeness``: which of PyTorch's public names this package has, as Markdown.

Written to ``benchmarks/COMPLETENESS.md``; the names are those of the installed PyTorch.
"""

from __future__ import annotations

import argparse
import fnmatch
import types
import warnings
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import torch

import tinygrad5329 as tg
from tinygrad5329.compat.facade import facade

#: The namespaces of dense tensor work on the CPU; ``Tensor`` is the class, the others are modules.
NAMESPACES = (
    "", "Tensor", "nn", "nn.functional", "nn.init", "nn.parameter", "nn.utils", "nn.utils.parametrizations",
    "nn.utils.parametrize", "nn.utils.prune", "nn.utils.rnn", "nn.utils.fusion", "nn.attention", "optim",
    "optim.lr_scheduler", "optim.swa_utils", "linalg", "special", "fft", "signal.windows", "func", "autograd",
    "autograd.functional", "autograd.function", "autograd.graph", "distributions", "utils.data", "utils.checkpoint",
    "utils.dlpack", "random", "amp", "cuda", "mps", "accelerator", "jit",
)  # fmt: skip

#: Names that are not part of dense tensor work on the CPU: other layouts, devices and compilers, private kernels.
LEFT_OUT = (
    "*sparse*", "*_coo*", "*csr*", "*csc*", "*bsr*", "*bsc*", "coalesce", "*coalesced", "dense_dim", "indices",
    "values", "smm", "sspaddmm", "hspmm", "dsmm", "hsmm", "saddmm", "spmm", "*crow_indices*", "*col_indices*",
    "*row_indices*", "indices_copy", "values_copy", "*quant*", "q_*", "int_repr", "fake_*", "*mkldnn*", "miopen_*",
    "cudnn_*", "fbgemm_*", "*fused_moving*", "*_vulkan*", "*_xpu*", "*_ipu*", "*_mtia*", "*_maia*", "*_hpu*",
    "*_xla*", "is_ort", "is_nested", "nested*", "to_padded_tensor", "sym_*", "Sym*", "*named*", "align_*",
    "rename*", "refine_names", "has_names", "names", "vmap_*", "cond", "while_loop", "export*", "library*",
    "compiler*", "*Storage", "*_storage_*", "*IODescriptor*", "*jiterator*", "_*", "*Type", "*choose_qparams*",
    "*_cuda_*", "NumericSuite", "*Script*", "ipu", "xpu", "hpu", "mtia", "xla", "vulkan", "bits*", "uint[1-7]",
    "int[1-7]", "float8*", "float4*", "qint*", "quint*", "qscheme", "bit", "hash_tensor", "slice_inverse",
    "*autocast_*", "*autocast_cache*", "parse_*", "import_ir_module*", "unify_type_list",
    "merge_type_from_type_comment", "fork", "wait", "batch_norm_*elemt*", "batch_norm_*stats*",
    "batch_norm_backward_reduce", "is_distributed", "record_stream", "*_gpu_*", "storage_type",
    "thread_safe_generator", "init_num_threads", "BroadcastingList?", "assert_int_or_pair", "boolean_dispatch",
    "handle_torch_function", "has_torch_function*", "*_notes", "TYPE_CHECKING", "grouped_mm", "scaled_*",
    "DataParallel", "SyncBatchNorm", "factory_kwargs", "get_device_module", "volatile", "reinforce", "module_load",
    "const_data_ptr",
)  # fmt: skip


#: Classes at PyTorch's top level that programs use; the others are its compiler's.
_CLASSES = {
    "Generator", "Size", "Tensor", "device", "dtype", "enable_grad", "finfo", "iinfo", "inference_mode", "layout",
    "memory_format", "no_grad", "set_grad_enabled", "autocast", "OutOfMemoryError", "Event", "Stream",
}  # fmt: skip


def names_of(namespace: str) -> list[str]:
    """PyTorch's public names in one namespace."""
    owner: Any = torch.Tensor if namespace == "Tensor" else import_module(f"torch.{namespace}".rstrip("."))
    listed = getattr(owner, "__all__", None)
    if namespace == "Tensor" or listed is None:
        listed = [name for name in dir(owner) if not isinstance(getattr(owner, name, None), types.ModuleType)]
    found = set()
    for name in listed:
        value = getattr(owner, name, None)
        home = getattr(value, "__module__", None) or "torch"
        if isinstance(value, type) and not namespace and name not in _CLASSES:
            continue  # the compiler's
        if isinstance(name, str) and (namespace == "Tensor" or home.startswith(("torch", "builtins"))):
            found.add(name)
    return sorted(n for n in found if not any(fnmatch.fnmatchcase(n, pattern) for pattern in LEFT_OUT))


def has(namespace: str, name: str) -> bool:
    """Whether the name exists here, as a script that imports torch would look it up."""
    if namespace == "Tensor":
        return hasattr(tg.Tensor, name)
    module = facade(f"torch.{namespace}".rstrip("."))
    if module is None:
        return False
    try:
        getattr(module, name)
    except AttributeError:
        return False
    return True


def sections() -> Iterator[tuple[str, list[str], list[str]]]:
    """Each namespace with the names that exist here and those that do not."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for namespace in NAMESPACES:
            names = names_of(namespace)
            present = [name for name in names if has(namespace, name)]
            yield f"torch.{namespace}".rstrip("."), present, sorted(set(names) - set(present))


def page() -> str:
    """The whole page."""
    found = list(sections())
    lines = [
        "# PyTorch's names in tinygrad5329",
        "",
        "Made by `python -m benchmarks.completeness` from the code and from the public names of PyTorch "
        f"{torch.__version__.split('+')[0]}. Names of sparse, quantised, nested and named tensors, of other devices "
        "and of compilers are left out.",
        "",
        "| Namespace | here | of |",
        "|---|---|---|",
    ]
    lines += [f"| `{name}` | {len(here)} | {len(here) + len(gone)} |" for name, here, gone in found]
    total = sum(len(here) for _, here, _ in found)
    lines += [f"| all | {total} | {total + sum(len(gone) for *_, gone in found)} |", ""]
    for name, here, gone in found:
        lines += [f"## `{name}`", "", ", ".join(f"`{each}`" for each in here) or "(none)", ""]
        if gone:
            lines += ["Missing: " + ", ".join(f"`{each}`" for each in gone), ""]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.completeness", description=__doc__)
    parser.add_argument("--missing", action="store_true", help="print the missing names only, write nothing")
    options = parser.parse_args()
    if options.missing:
        for name, here, gone in sections():
            print(f"{name}: {len(here)} of {len(here) + len(gone)}\n  {' '.join(gone)}")
        return
    Path(__file__).with_name("COMPLETENESS.md").write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
