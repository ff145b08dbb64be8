"""From the place where a text stops being a query to a diagnostic that says what was meant.

One file for each family of slips; a finder looks at the place and answers with a diagnostic, or with None. The first
that answers is believed.
"""

from collections.abc import Sequence

from kili_query.diagnostics import Diagnostic
from kili_query.source import Source
from kili_query.syntax.parser import Lexeme, ParseFailure
from kili_query.syntax.slips.brackets import (
    brackets_for_parentheses,
    closing_bracket,
    parenthesized_sum,
    unclosed_bracket,
)
from kili_query.syntax.slips.characters import foreign_quotes, foreign_symbol, invisible, look_alike
from kili_query.syntax.slips.connectives import (
    dangling_connective,
    doubled_connective,
    missing_connective,
    misspelt_connective,
)
from kili_query.syntax.slips.counts import (
    called_count,
    condition_after_count,
    counter_alone,
    doubled_count,
    doubled_dot,
    incomplete_counter,
    missing_count,
    misspelt_count,
    too_many_parts,
)
from kili_query.syntax.slips.names import misplaced_separator, name_needs_quotes, reserved_word, spaced_name
from kili_query.syntax.slips.not_core import diagnose_not_core
from kili_query.syntax.slips.numbers import (
    bad_number,
    grouped_digits,
    keyword_after_number,
    range_without_set,
    run_on_number,
    spaced_sign,
    text_for_number,
)
from kili_query.syntax.slips.operators import (
    glued_minus,
    misplaced_not,
    missing_operator,
    torn_operator,
    worded_operator,
)
from kili_query.syntax.slips.place import Place
from kili_query.syntax.slips.sets import empty_set, range_with_hyphen, set_separator, set_without_braces
from kili_query.syntax.slips.strings import bad_escape, bad_string, quoted_query
from kili_query.syntax.slips.the_end import empty_query, unexpected, unexpected_end

__all__ = ["diagnose", "diagnose_not_core"]

_FINDERS = (
    # a word read as a name, or a literal that is bad in itself
    bad_escape,
    doubled_connective,
    bad_string,
    text_for_number,
    quoted_query,
    reserved_word,
    # the text stops
    empty_query,
    dangling_connective,
    unclosed_bracket,
    counter_alone,
    unexpected_end,
    # characters and operators of other languages and keyboards
    torn_operator,
    range_with_hyphen,
    set_separator,
    invisible,
    foreign_quotes,
    foreign_symbol,
    misplaced_separator,
    look_alike,
    # literals
    keyword_after_number,
    name_needs_quotes,
    bad_number,
    grouped_digits,
    range_without_set,
    run_on_number,
    spaced_sign,
    # brackets
    set_without_braces,
    empty_set,
    parenthesized_sum,
    condition_after_count,
    called_count,
    brackets_for_parentheses,
    closing_bracket,
    # counters
    glued_minus,
    missing_count,
    misspelt_count,
    doubled_count,
    doubled_dot,
    spaced_name,
    too_many_parts,
    incomplete_counter,
    # what joins them
    misplaced_not,
    worded_operator,
    missing_operator,
    misspelt_connective,
    missing_connective,
)


def diagnose(source: Source, lexemes: Sequence[Lexeme], failure: ParseFailure) -> Diagnostic:
    """Say what is wrong at the place of a parse failure.

    Args:
        source: the query.
        lexemes: the words before the place.
        failure: the place and what could stand there.
    """
    place = Place(source, lexemes, failure)
    for find in _FINDERS:
        found = find(place)
        if found is not None:
            return found
    return unexpected(place)
