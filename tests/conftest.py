"""For every test: `support` can be imported, and Hypothesis does not time its examples."""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "slim", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("slim")
