"""Audio augmentation: voice, room, noise and codec."""
