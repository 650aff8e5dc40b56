"""Keys and F-curves: reading, writing, and conversion of rotations and NLA time."""
