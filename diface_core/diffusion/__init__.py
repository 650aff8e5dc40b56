"""Diffusion over motion, as pure functions: schedule, sampler, guidance, constraints and loss."""
