"""A pytest plugin: how hypothesis runs here.

No deadline per example: on a machine shared by browsers and databases it would measure the
neighbours. `HYPOTHESIS_PROFILE=thorough` looks longer for a counter-example.
"""

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "steady", deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("thorough", settings.get_profile("steady"), max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))
