"""What the end-to-end tests stand on: a registry, a runtime, probes and peers, all real.

`tests/e2e` is on the path of its tests, so they import `harness.registry` and so on.
"""
