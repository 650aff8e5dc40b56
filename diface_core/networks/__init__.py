"""The denoisers as networks of torch, and their files: for training, style adaptation and as the reference."""
