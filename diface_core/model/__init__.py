"""Sampling from the denoisers that DiFACE ships: models, parts, styles, lip closure. Numpy only."""
