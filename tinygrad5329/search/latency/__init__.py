"""What architectures cost on this machine, measured."""
