"""Text-to-speech engines and their voices."""
