"""What the session's tests share."""

from hypothesis import settings

# A busy machine is slow now and then: time says nothing here.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
