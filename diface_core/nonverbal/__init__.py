"""What a face does besides speaking: at rest, while it listens, and with laughs and breaths."""
