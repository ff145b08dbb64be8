"""From the place where a text stops being a query to a diagnostic that says what was meant.

One file for each family of slips; a finder looks at the place and answers with a diagnostic, or with None. The first
that answers is believed.
"""

from collections.abc import Sequence

from kili_query.diagnostics import Diagnostic
from kili_query.source import Source
from kili_query.syntax.parser import Lexeme, ParseFailure
from kili_query.syntax.slips import (
    brackets,
    characters,
    connectives,
    counts,
    names,
    numbers,
    operators,
    sets,
    strings,
    the_end,
)
from kili_query.syntax.slips.not_core import diagnose_not_core
from kili_query.syntax.slips.place import FailurePlace

__all__ = ["diagnose", "diagnose_not_core"]

_FINDERS = (
    # a word read as a name, or a literal that is bad in itself
    strings.bad_escape,
    connectives.doubled_connective,
    strings.bad_string,
    numbers.text_for_number,
    strings.quoted_query,
    names.reserved_word,
    # the text stops
    the_end.empty_query,
    connectives.dangling_connective,
    brackets.unclosed_bracket,
    counts.counter_alone,
    counts.operand_without_count,
    connectives.number_alone,
    the_end.unexpected_end,
    # characters and operators of other languages and keyboards
    operators.torn_operator,
    sets.range_with_hyphen,
    sets.set_separator,
    characters.invisible,
    characters.foreign_quotes,
    connectives.symbolic_connective,
    characters.foreign_symbol,
    names.misplaced_separator,
    characters.look_alike,
    # literals
    numbers.keyword_after_number,
    names.name_needs_quotes,
    numbers.bad_number,
    numbers.grouped_digits,
    numbers.range_without_set,
    numbers.run_on_number,
    numbers.spaced_sign,
    # brackets
    sets.set_without_braces,
    sets.empty_set,
    brackets.parenthesized_sum,
    counts.condition_after_count,
    counts.called_count,
    brackets.brackets_for_parentheses,
    brackets.closing_bracket,
    # counters
    operators.glued_minus,
    counts.missing_count,
    counts.misspelt_count,
    counts.doubled_count,
    counts.doubled_dot,
    names.spaced_name,
    counts.too_many_parts,
    counts.incomplete_counter,
    # what joins them
    operators.misplaced_not,
    operators.worded_operator,
    operators.missing_operator,
    connectives.misspelt_connective,
    connectives.missing_connective,
)


def diagnose(source: Source, lexemes: Sequence[Lexeme], failure: ParseFailure) -> Diagnostic:
    """Say what is wrong at the place of a parse failure.

    Args:
        source: the query.
        lexemes: the words before the place.
        failure: the place and what could stand there.
    """
    place = FailurePlace(source, lexemes, failure)
    for find in _FINDERS:
        found = find(place)
        if found is not None:
            return found
    return the_end.unexpected(place)
