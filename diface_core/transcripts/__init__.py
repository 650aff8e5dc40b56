"""Transcripts: read files, split text into words, spell out numbers. Needs nothing but Python."""
