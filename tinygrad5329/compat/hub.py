"""``torch.hub``: nothing is downloaded, and no code is fetched and run; the folder's name can be asked and set."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, NoReturn

__all__ = ["download_url_to_file", "get_dir", "help", "list", "load", "load_state_dict_from_url", "load_url", "set_dir"]

_folder: dict[str, str] = {}


def get_dir() -> str:
    """The folder for downloads: what `set_dir` was told, or as PyTorch finds it (TORCH_HOME, XDG_CACHE_HOME)."""
    cache = os.environ.get("XDG_CACHE_HOME", str(Path("~/.cache")))
    home = os.environ.get("TORCH_HOME", str(Path(cache) / "torch"))
    return _folder.get("set") or str(Path(home).expanduser() / "hub")


def set_dir(d: str | os.PathLike[str]) -> None:
    """Set the folder for downloads."""
    _folder["set"] = os.path.expanduser(d)


def _refuse(name: str, remedy: str) -> Any:
    def function(*arguments: Any, **options: Any) -> NoReturn:
        raise RuntimeError(f"torch.hub.{name}: tinygrad5329 downloads no code and no weights; {remedy}")

    function.__name__ = name
    function.__doc__ = f"RuntimeError: {remedy}."
    return function


_CODE = "install the model's package, and load its weights with torch.load"
load, list, help = (_refuse(name, _CODE) for name in ("load", "list", "help"))
_FILE = "download the file, then torch.load(path) reads it"
load_state_dict_from_url, load_url, download_url_to_file = (
    _refuse(name, _FILE) for name in ("load_state_dict_from_url", "load_url", "download_url_to_file")
)
