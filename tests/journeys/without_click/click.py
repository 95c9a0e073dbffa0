"""A user's environment has no click, for which httpx would load Rich: the test tools bring it."""

raise ModuleNotFoundError(name="click")
