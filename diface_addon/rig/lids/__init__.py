"""Bones that move the eyelids: how they are found, and how far a blink moves them."""
