"""The mapping as a table that the user reads and changes, and its presets."""
