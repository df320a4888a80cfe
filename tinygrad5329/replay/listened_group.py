"""``ListenedGroup``: which options of an optimizer a step reads itself."""

from __future__ import annotations

from typing import Any

from tinygrad5329.replay.recorder import Recorder

__all__ = ["ListenedGroup"]


class ListenedGroup(dict[str, Any]):
    """A parameter group that notes which options are asked for."""

    def __init__(self, group: dict[str, Any], recorder: Recorder) -> None:
        super().__init__(group)
        self.asked: set[str] = set()
        self._recorder = recorder

    def __getitem__(self, key: str) -> Any:
        if self._recorder.listens():
            self.asked.add(key)
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:
        if self._recorder.listens():
            self.asked.add(key)
        return super().get(key, default)

    def items(self) -> Any:
        if self._recorder.listens():
            self.asked.update(self)
        return super().items()

    def values(self) -> Any:
        if self._recorder.listens():
            self.asked.update(self)
        return super().values()
