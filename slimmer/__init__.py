"""slim: see what is in a container image, and rebuild it without what it does not need."""

__version__ = "0.1.0"
