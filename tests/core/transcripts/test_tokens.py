"""Words of a transcript, and how English tokens are spoken."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diface_core.transcripts.spoken_english import ONES, spell_out
from diface_core.transcripts.tokens import split_words


def test_words_without_punctuation():
    text = "“Well,” said Dr. Smith’s well-known dog—it's 3.5% 'wrong'… (quietly) isn't it? E.g. U.S. 1,984/2."
    assert split_words(text).words == (
        "Well", "said", "Dr.", "Smith's", "well", "known", "dog", "it's", "3.5%", "wrong", "isn't", "it", "E.g.",
        "U.S.", "1,984/2",
    )  # fmt: skip


def test_what_nobody_speaks_is_returned():
    tokens = split_words("ANNA: Hello [laughs] there ♪ ### (softly) & so on")
    assert tokens.words == ("Hello", "there", "&", "so", "on")
    assert set(tokens.left_out) == {"ANNA:", "[laughs]", "♪", "###", "(softly)"}


@pytest.mark.parametrize(
    ("token", "spoken"),
    [
        ("0", "zero"),
        ("7", "seven"),
        ("21", "twenty one"),
        ("100", "one hundred"),
        ("1984", "nineteen eighty four"),
        ("2005", "two thousand five"),
        ("1905", "nineteen oh five"),
        ("1900", "nineteen hundred"),
        ("1,984", "one thousand nine hundred and eighty four"),
        ("1000000", "one million"),
        ("007", "zero zero seven"),
        ("3.14", "three point one four"),
        (".5", "zero point five"),
        ("-5", "minus five"),
        ("50%", "fifty percent"),
        ("1st", "first"),
        ("22nd", "twenty second"),
        ("20th", "twentieth"),
        ("1980s", "nineteen eighties"),
        ("3:05", "three oh five"),
        ("12:30pm", "twelve thirty"),
        ("8:00", "eight o'clock"),
        ("$1", "one dollar"),
        ("$2.50", "two dollars and fifty cents"),
        ("£3", "three pounds"),
        ("MP3", "m. p. three"),
        ("10/12", "ten twelve"),
        ("Dr.", "doctor"),
        ("etc.", "et cetera"),
        ("BBC", "b. b. c."),
        ("U.S.A.", "u. s. a."),
        ("NASA", "nasa"),
        ("&", "and"),
        ("Don't", "don't"),
        ("²", "²"),
    ],
)
def test_spoken(token, spoken):
    assert " ".join(spell_out(token)) == spoken


@given(st.integers(0, 10**15))
def test_every_number_becomes_words(number):
    words = spell_out(str(number))
    assert words
    assert all(word.isalpha() for word in words)
    if number < 20:
        assert words == (ONES[number],)


@given(st.text(max_size=60))
def test_no_text_breaks_it(text):
    tokens = split_words(text)
    for word in tokens.words:
        assert not any(letter.isspace() for letter in word)
        assert all(spell_out(word))
