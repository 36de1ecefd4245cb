"""What the C library, well-known libraries and a distribution count on."""
