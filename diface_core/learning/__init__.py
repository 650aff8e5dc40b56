"""Training of a denoiser: batches, random masks, losses and distribution over processes."""
