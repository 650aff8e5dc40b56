"""Where the eyes of a character are, how its shapes and bones turn them, and which eyes nothing turns."""
