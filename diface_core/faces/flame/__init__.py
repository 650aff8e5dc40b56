"""FLAME head models and meshes."""
