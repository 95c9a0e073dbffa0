"""What the session's tests share."""

from hypothesis import settings

# A busy machine is slow now and then: time says nothing here.
settings.register_profile("unhurried", deadline=None, max_examples=30)
settings.load_profile("unhurried")
