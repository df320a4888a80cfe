"""What can be searched over by name."""
