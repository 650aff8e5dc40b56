"""Diffusion over motion, as pure functions of numpy: schedule, sampler, guidance and known region."""
