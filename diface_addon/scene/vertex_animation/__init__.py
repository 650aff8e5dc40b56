"""Motion of vertices: shape keys of models, vertex caches, PC2 files."""
