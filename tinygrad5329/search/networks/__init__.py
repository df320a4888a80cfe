"""Architectures as ordinary modules, and as Python source."""
