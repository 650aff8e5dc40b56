"""What directs the takes of a character: articulation and mood, and applying both."""
