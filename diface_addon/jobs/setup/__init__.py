"""The worker before it is used: an early start, its test, and an environment for it."""
