"""What holds for all tests."""

from hypothesis import settings

# Time on a shared machine is no property of the code.
settings.register_profile("shared machine", deadline=None)
settings.load_profile("shared machine")
