"""Jobs that give a head shape keys."""
