"""What native programs and libraries need."""
