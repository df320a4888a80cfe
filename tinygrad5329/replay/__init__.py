"""Replaying a training step without its Python: see :func:`tinygrad5329.compile` and :class:`CompiledStep`."""

from tinygrad5329.replay.step import CompiledStep

__all__ = ["CompiledStep"]
