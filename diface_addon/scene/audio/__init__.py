"""Sound strips and sound files."""
