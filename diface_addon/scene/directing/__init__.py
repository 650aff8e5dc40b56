"""Directing a take that exists: controls that change its keys without the models."""
