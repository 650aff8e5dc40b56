"""Training of the denoisers: corpora, augmentation, the loop, and the measures."""
