"""Draws: no functions of tensors."""

from .row import elsewhere

elsewhere("twister_trials", "test_trials.py")
