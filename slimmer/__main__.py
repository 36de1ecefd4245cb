"""`python -m slimmer` is `slim`."""

from slimmer.cli.main import main

main()
