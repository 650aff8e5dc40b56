"""Heads and the files they are made from."""
