"""What Node programs load."""
