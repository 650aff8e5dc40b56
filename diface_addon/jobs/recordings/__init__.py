"""Recorded faces as takes."""
