"""Speed as a ratio to PyTorch, from one interleaved run: ``python -m benchmarks --help``."""
