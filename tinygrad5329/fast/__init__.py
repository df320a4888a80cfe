"""Compiled twins of the hot kernels, by Numba: the ``fast`` extra.

Each module has a family's kernels and lists them in ``KERNELS`` under the names of their slots; a line in
``TWINS`` of ``backends/choice.py`` makes one known. A module is imported, and Numba with it, when an operation that
has a twin first runs.
"""
