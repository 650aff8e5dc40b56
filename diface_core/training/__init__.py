"""Training the denoisers: corpora, what is varied in them, the loop, and the measures."""
