"""Few Bezier keys instead of one key a frame, and back."""
