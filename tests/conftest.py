"""For every test: Hypothesis does not time its examples, and CI tries the same ones each time.

A new example that fails is found on somebody's desk or by scripts/fuzz, not by a change that has
nothing to do with it.
"""

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "slim", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.register_profile("ci", settings.get_profile("slim"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "slim")
