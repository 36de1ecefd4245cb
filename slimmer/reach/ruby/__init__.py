"""What Ruby programs load."""
