"""Tools for triangle meshes: parts, nearest points, smooth fields."""
