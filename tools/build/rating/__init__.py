"""Blind comparisons of two sets of videos: the page, its pairs, and the pooled results."""
