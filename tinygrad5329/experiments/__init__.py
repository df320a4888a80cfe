"""The report's studies as data, the runs that repeat them, and the report that sets both side by side."""

from __future__ import annotations
