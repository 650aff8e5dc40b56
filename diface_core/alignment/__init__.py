"""Alignment of a transcript with its sound: when each word and each of its phones is heard."""
