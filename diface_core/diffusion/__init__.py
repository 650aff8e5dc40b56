"""Diffusion over motion, as pure functions: schedule, sampler, guidance, known region and loss."""
