"""What every test shares: one way of drawing examples, on machines of any speed."""

from hypothesis import HealthCheck, settings

settings.register_profile("mzi", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("mzi")
