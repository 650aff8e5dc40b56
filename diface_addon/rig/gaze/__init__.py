"""Where the eyes of a character are, and how its shapes and bones turn them."""
