"""Finds the whole character of any picked object: its meshes, armature, bones, placement and pivot."""
