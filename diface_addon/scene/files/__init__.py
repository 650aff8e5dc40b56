"""Temporary folders, atomic writes, caches, copies of scenes."""
