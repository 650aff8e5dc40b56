"""Poses: faces whose shapes are visemes, muscle units or sculpted poses instead of ARKit's channels. numpy only."""
