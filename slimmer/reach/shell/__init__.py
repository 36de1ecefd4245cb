"""What shell scripts run, source, read and write."""
