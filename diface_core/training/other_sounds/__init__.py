"""The classifier of sounds that are no speech: synthesised sounds, sequences with labels, the fit and its measures."""
