"""Detectors: each reads the filesystem and gives findings."""
