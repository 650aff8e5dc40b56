"""Training data of the head denoiser: natural tracks, a stochastic prior fitted to them, and measures."""
