"""Credentials left in files, environment and history: rules as data, one scanner."""
