"""Commands that run the add-on without a window."""
