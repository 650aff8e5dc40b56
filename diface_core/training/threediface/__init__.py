"""Training of 3DiFACE's own networks (Thambiraja et al. 2025), on the user's own data: docs/threediface_training.md."""
