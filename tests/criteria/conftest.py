"""Properties are about truth, not speed: other work on the machine must not fail them."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("truth", deadline=None)
settings.load_profile("truth")
