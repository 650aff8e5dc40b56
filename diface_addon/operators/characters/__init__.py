"""Operators that add or prepare characters."""
