"""Pins: keys that are kept exactly."""
