"""Splice: a range of frames and channels of one take blended into a copy of another, key by key."""
