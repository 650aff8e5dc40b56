"""Meshes that DiFACE animates: the bundled head, FLAME heads, their shape keys, cameras and lights."""
