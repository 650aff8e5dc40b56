"""The row of variations."""
