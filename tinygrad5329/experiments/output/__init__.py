"""What is made of the results: sections of a document, its page and Markdown, figures, CSV."""

from __future__ import annotations
