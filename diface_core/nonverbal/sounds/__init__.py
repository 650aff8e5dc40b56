"""Sounds that are no speech: laughs, coughs, breaths, and those without a voice; and what the face does with them."""
