"""Builders of the files in diface_core/assets and of FLAME's correspondence; not part of the extension."""
