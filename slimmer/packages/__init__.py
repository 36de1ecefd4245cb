"""What is installed in the filesystem, by every package manager's own records."""
