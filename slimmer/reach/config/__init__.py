"""What configuration includes, loads, starts and names."""
