"""What PHP programs load."""
