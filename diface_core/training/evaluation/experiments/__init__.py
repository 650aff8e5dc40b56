"""Comparisons that decided how DiFACE works: speech encoders, and how the face is sampled."""
