"""How English words are spoken that are not written as words: numbers, sums of money, abbreviations, letters.

Numbers to a million million, ordinals, years, decimals, percentages, times of day and sums of money are spelled out;
longer numbers are read digit by digit. Abbreviations are those of ABBREVIATIONS; letters in capitals without a vowel,
or with points between, are read one by one.
"""

from __future__ import annotations

import re

ONES = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
SCALES = ((10**9, "billion"), (10**6, "million"), (1000, "thousand"), (100, "hundred"))
MAX_NUMBER = 10**12
IRREGULAR_ORDINALS = {
    "one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth",
    "twelve": "twelfth",
}  # fmt: skip
ABBREVIATIONS = {
    "mr": "mister", "mrs": "missus", "ms": "miss", "dr": "doctor", "st": "saint", "prof": "professor", "jr": "junior",
    "sr": "senior", "vs": "versus", "etc": "et cetera", "dept": "department", "approx": "approximately",
    "mt": "mount", "capt": "captain", "lt": "lieutenant", "sgt": "sergeant", "blvd": "boulevard", "jan": "january",
    "feb": "february", "aug": "august", "sept": "september", "oct": "october", "nov": "november", "dec": "december",
    "kg": "kilograms", "km": "kilometers", "cm": "centimeters", "mm": "millimeters",
}  # fmt: skip
"""None of them is a word, so that the point of a sentence's end changes nothing."""
SPOKEN_MARKS = {"&": "and", "+": "plus", "=": "equals", "@": "at", "%": "percent"}
CURRENCIES = {"$": ("dollar", "cent"), "£": ("pound", "penny"), "€": ("euro", "cent")}

_MONEY = re.compile(r"([$£€])(\d[\d,]*)(?:\.(\d\d))?")
_TIME = re.compile(r"(\d{1,2}):([0-5]\d)(?:am|pm)?", re.IGNORECASE)
_NUMBER = re.compile(r"(-?)(\d[\d,]*)?(?:\.(\d+))?(st|nd|rd|th|s|%)?", re.IGNORECASE)


def spell_out(token: str) -> tuple[str, ...]:
    """Return the words, in lower case, that a token of a transcript is spoken as; the token itself if it is a word."""
    if token in SPOKEN_MARKS:
        return (SPOKEN_MARKS[token],)
    lower = token.lower()
    if re.search(r"\d", token):
        return tuple(_spell_digits(token)) or (lower,)
    if lower.rstrip(".") in ABBREVIATIONS:
        return tuple(ABBREVIATIONS[lower.rstrip(".")].split())
    letters = token.replace(".", "")
    is_dotted = len(letters) > 1 and re.fullmatch(r"(?:[^\W\d]\.)+[^\W\d]?", token)
    if is_dotted or (len(letters) > 1 and letters.isupper() and not set(letters) & set("AEIOUY")):
        return tuple(f"{letter.lower()}." for letter in letters)
    return (lower.rstrip("."),)


def _spell_digits(token: str) -> list[str]:
    if found := _MONEY.fullmatch(token):
        return _money(*found.groups())
    if found := _TIME.fullmatch(token):
        hour, minute = int(found.group(1)), int(found.group(2))
        late = ["oh", ONES[minute]] if 0 < minute < 10 else _cardinal(minute) if minute else ["o'clock"]
        return [*_cardinal(hour), *late]
    found = _NUMBER.fullmatch(token)
    if not found or not (found.group(2) or found.group(3)):
        parts = re.findall(r"\d+|[^\W\d]+", token)  # "3D", "MP3", "10/12", "10-12"
        return [word for part in parts for word in (_spell_digits(part) if part.isdecimal() else spell_out(part))]
    sign, whole, fraction, ending = found.groups()
    words = ["minus"] if sign else []
    words += _whole_number(whole or "0", is_plain=fraction is None)
    if fraction:
        words += ["point", *(ONES[int(digit)] for digit in fraction)]
    if ending == "%":
        return [*words, "percent"]
    if ending in ("s", "S"):
        return [*words[:-1], _plural(words[-1])]
    return [*words[:-1], _ordinal(words[-1])] if ending else words


def _whole_number(digits: str, is_plain: bool) -> list[str]:
    number = int(digits.replace(",", ""))
    is_code = len(digits) > 1 and digits.startswith("0")
    if number >= MAX_NUMBER or is_code:
        return [ONES[int(digit)] for digit in digits if digit.isdigit()]
    if is_plain and "," not in digits and 1100 <= number < 2100 and number // 100 != 20:
        century, year = divmod(number, 100)
        return [*_cardinal(century), *(_year_end(year))]
    return _cardinal(number)


def _year_end(year: int) -> list[str]:
    if year == 0:
        return ["hundred"]
    return ["oh", ONES[year]] if year < 10 else _cardinal(year)


def _cardinal(number: int) -> list[str]:
    if number < 20:
        return [ONES[number]]
    if number < 100:
        return [TENS[number // 10], *([ONES[number % 10]] if number % 10 else [])]
    scale, name = next((scale, name) for scale, name in SCALES if number >= scale)
    rest = number % scale
    joined = ["and"] if scale == 100 and rest else []
    return [*_cardinal(number // scale), name, *joined, *(_cardinal(rest) if rest else [])]


def _ordinal(word: str) -> str:
    if word in IRREGULAR_ORDINALS:
        return IRREGULAR_ORDINALS[word]
    return f"{word[:-1]}ieth" if word.endswith("y") else f"{word}th"


def _plural(word: str) -> str:
    return f"{word[:-1]}ies" if word.endswith("y") else f"{word}es" if word.endswith("x") else f"{word}s"


def _money(sign: str, whole: str, cents: str | None) -> list[str]:
    unit, small = CURRENCIES[sign]
    amount = int(whole.replace(",", ""))
    words = [*_cardinal(amount), unit if amount == 1 else _plural(unit)] if amount < MAX_NUMBER else [whole, unit]
    if cents and int(cents):
        words += ["and", *_cardinal(int(cents)), small if cents == "01" else {"penny": "pence"}.get(small, f"{small}s")]
    return words
