"""Face shapes whose names say nothing: what they are by what they move, and how that is kept."""
