"""Numbers as people write them: signs, decimals, exponents, leading zeros, any length, any Unicode digits."""

import re
from decimal import Decimal

from kili_query.ast import MAX_COUNT, Number

NUMBER_LIMIT = 10**18
"""Numbers further from 0 are read as this: it is far beyond any sum of counts, so they mean the same."""

_DIGITS = 18
_ENOUGH = "999999"
_LONG_EXPONENT = re.compile(r"[eE]([+-]?)(\d{7,})\Z")


def read_number(text: str) -> Number:
    """The value of a number as written, an integer where it is one.

    >>> read_number("007"), read_number("1e3"), read_number("-1.5")
    (7, 1000, Decimal('-1.5'))
    >>> read_number("1e999999999999999999999") == NUMBER_LIMIT
    True
    """
    if len(text) <= _DIGITS and text.isdecimal():
        return int(text)
    long = _LONG_EXPONENT.search(text)
    if long is not None:
        digits = "".join(str(int(digit)) for digit in long[2]).lstrip("0") or "0"
        if len(digits) > len(_ENOUGH):  # beyond what arithmetic can hold, and only its sign matters
            digits = _ENOUGH
        text = f"{text[: long.start()]}e{long[1]}{digits}"
    value = Decimal(text)
    size = value.copy_abs()
    if size > NUMBER_LIMIT:
        return NUMBER_LIMIT if value > 0 else -NUMBER_LIMIT
    whole = value.to_integral_value()
    if whole == value:
        return int(whole)
    smallest = Decimal(1).scaleb(-_DIGITS)
    return value if size >= smallest else smallest.copy_sign(value)


def is_plain(text: str) -> bool:
    """Whether the text is the canonical spelling of a count.

    >>> is_plain("10"), is_plain("010"), is_plain("1e1"), is_plain("2147483648")
    (True, False, False, False)
    """
    return (
        text.isascii()
        and text.isdecimal()
        and len(text) <= _DIGITS
        and str(int(text)) == text
        and int(text) <= MAX_COUNT
    )
