"""Registries: the distribution-spec over HTTP, with oras for login hooks and sessions."""
