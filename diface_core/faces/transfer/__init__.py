"""Transfer of the bundled head's shapes to any head of FLAME's topology."""
