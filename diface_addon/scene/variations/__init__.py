"""Variations of a take, a region or a word: a row of takes of which one is kept."""
