"""What a search found, on a page and in figures."""
