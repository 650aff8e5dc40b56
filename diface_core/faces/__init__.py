"""Heads: the bundled head, FLAME meshes, and the transfer of shapes between them."""
