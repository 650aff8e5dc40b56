"""Adaptation of a denoiser to the style of one speaker."""
