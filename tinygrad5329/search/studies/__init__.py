"""Running a search: storage, workers, budgets."""
