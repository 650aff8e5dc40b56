"""Where the target of a character's gaze is, seen from its head."""
