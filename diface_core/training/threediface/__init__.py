"""Training of 3DiFACE networks (Thambiraja et al. 2025) on the user's data: docs/research/threediface_training.md."""
