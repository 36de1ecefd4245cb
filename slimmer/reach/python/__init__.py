"""What Python programs import and read."""
