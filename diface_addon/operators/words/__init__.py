"""Operators on the words of a transcript."""

from . import align_words, edit_word, word_markers, word_times

MODULES = (align_words, edit_word, word_times, word_markers)
"""Each registers its operators."""
