"""Settings of takes."""
