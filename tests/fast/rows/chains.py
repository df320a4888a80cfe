"""Loops of a replayed step: no function of tensors."""

from .row import elsewhere

elsewhere("elementwise_chain", "test_chains.py")
