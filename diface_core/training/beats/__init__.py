"""When head, brows and lids move with the words: natural tracks against generated motion."""
