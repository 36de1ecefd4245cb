"""Why a file is needed: from what the container starts, along evidence, to every file."""
