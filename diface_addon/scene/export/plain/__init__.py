"""A character as games and other programs know it: meshes, a skeleton, shape keys and keys, and nothing else."""
