"""PyTorch's own operator test database, run against this package: how complete and how faithful it is."""
