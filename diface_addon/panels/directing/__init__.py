"""Panels of what directs the active takes: articulation and mood; and takes without speech."""
