"""The active animation of a character: its curves, its values, and whether it can be changed."""
