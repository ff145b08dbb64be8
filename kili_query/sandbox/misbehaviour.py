"""Servers that count otherwise than section 4 of the language: what a `ServerProfile` mistrusts, one by one.

What a client does with such a server, and whether an audit finds it out, can then be tried.
"""

import re
from collections.abc import Collection, Hashable
from enum import StrEnum

from kili_query.ast import CompareOp, Comparison, Constant, Counter, Predicate, comparison, conjunction, map_operands
from kili_query.counting import DEFAULT_POLICY, Found, Rules, Wanted, checked_root, find, root_sites
from kili_query.counting.objects import EVERYTHING
from kili_query.ontology import Ontology
from kili_query.planning import ServerProfile
from kili_query.planning.bounds import lower_bound
from kili_query.syntax import lower, parse_tree
from kili_query.syntax.numbers import read_number


class Misbehaviour(StrEnum):
    """One way in which a server's category search counts otherwise."""

    MISSES_ABSENT = "misses-absent"
    """``== 0``, ``< n`` and ``<= n`` find no label that never mentions the category."""
    COUNTS_PRESENCE = "counts-presence"
    """A category is there, 1, or not, 0: no object more is counted."""
    IGNORES_CHILD_JOBS = "ignores-child-jobs"
    """Child jobs are not counted."""
    MERGES_CHILD_JOBS = "merges-child-jobs"
    """A category of a child job counts once a label, however many objects have it."""
    COUNTS_FRAMES = "counts-frames"
    """The objects of a video are counted in every frame anew."""
    TRUNCATES_DECIMALS = "truncates-decimals"
    """``> 2.5`` is read as ``> 2``. No profile speaks of it, for only plain integers are ever sent to a server."""


def deserved_profile(misbehaves: Collection[Misbehaviour]) -> ServerProfile:
    """The profile under which a client's answers are right all the same: it trusts all that can be trusted.

    >>> deserved_profile([Misbehaviour.MISSES_ABSENT]).finds_absent
    False
    """
    return ServerProfile(
        finds_absent=Misbehaviour.MISSES_ABSENT not in misbehaves,
        counts_beyond_one=Misbehaviour.COUNTS_PRESENCE not in misbehaves,
        counts_child_jobs=not {Misbehaviour.IGNORES_CHILD_JOBS, Misbehaviour.MERGES_CHILD_JOBS} & set(misbehaves),
        counts_videos=Misbehaviour.COUNTS_FRAMES not in misbehaves,
    )


def miscount(
    json_response: object, ontology: Ontology | None = None, misbehaves: Collection[Misbehaviour] = ()
) -> dict[tuple[str, str], int]:
    """Count a label as a misbehaving server does.

    Args:
        json_response: the decoded content of one label.
        ontology: the project's.
        misbehaves: how; without any this is `kili_query.counting.count`.

    Returns:
        The number of objects by job and category; those that are 0 are left out.

    Raises:
        UnknownContentError: the content is None.
        MalformedLabelError: something in the label has the wrong shape.

    >>> boxes = [{"mid": "a", "categories": [{"name": "CAR"}]}, {"mid": "b", "categories": [{"name": "CAR"}]}]
    >>> miscount({"OBJECTS": {"annotations": boxes}}, misbehaves=[Misbehaviour.COUNTS_PRESENCE])
    {('OBJECTS', 'CAR'): 1}
    """
    rules = Rules.of(DEFAULT_POLICY, ontology)
    wanted = Wanted(EVERYTHING.jobs, EVERYTHING.categories, rules.root_jobs)
    counted: dict[tuple[str, str], set[Hashable]] = {}
    for found in find(root_sites(checked_root(json_response), rules), wanted):
        if found.depth == 0 or Misbehaviour.IGNORES_CHILD_JOBS not in misbehaves:
            counted.setdefault((found.job, found.category), set()).add(_token(found, misbehaves))
    return {counter: len(tokens) for counter, tokens in counted.items()}


def _token(found: Found, misbehaves: Collection[Misbehaviour]) -> Hashable:
    """The key by which objects are counted once."""
    if Misbehaviour.COUNTS_PRESENCE in misbehaves:
        return "here"
    is_merged = found.depth > 0 and Misbehaviour.MERGES_CHILD_JOBS in misbehaves
    identity: Hashable = "below" if is_merged else found.identity
    return (found.frame, identity) if Misbehaviour.COUNTS_FRAMES in misbehaves else identity


def misread(search: str, misbehaves: Collection[Misbehaviour] = ()) -> Predicate:
    """Read a category search as a misbehaving server does.

    Args:
        search: a text of the core language. It is the text that is misread, for a tree has no decimals.
        misbehaves: how; without any the text is read as it should be.

    Returns:
        What to ask of the counts of a label, those that are 0 included. No longer core: it may hold constants.

    Raises:
        QuerySyntaxError: the text is no core query.

    >>> from kili_query.syntax import print_tree
    >>> print_tree(misread("J.A.count > 2.5 AND J.B.count < 2", [*Misbehaviour]))
    'J.A.count > 2 AND (J.B.count < 2 AND J.B.count > 0)'
    """
    return _misread(lower(parse_tree(search, dialect="core")), search, misbehaves)


def _misread(tree: Predicate, search: str, misbehaves: Collection[Misbehaviour]) -> Predicate:
    match tree:
        case Comparison(Counter() as counter):
            leaf = _truncate(tree, counter, search) if Misbehaviour.TRUNCATES_DECIMALS in misbehaves else tree
            return _present(leaf, counter) if Misbehaviour.MISSES_ABSENT in misbehaves else leaf
        case _:
            return map_operands(lambda operand: _misread(operand, search, misbehaves), tree)


_OPERATOR_AND_NUMBER = re.compile(r"(==|>=|<=|>|<)([^=<>()]*)[\s)]*\Z")
"""The end of a comparison; the text of one in parentheses has these too."""


def _truncate(leaf: Comparison, counter: Counter, search: str) -> Comparison:
    """The comparison with the number that is written, less what stands behind the point."""
    found = _OPERATOR_AND_NUMBER.search(search[leaf.span.start : leaf.span.end])
    assert found is not None  # a comparison of the core ends so
    return comparison(counter, CompareOp(found[1]), int(read_number(found[2].strip())), leaf.span)


def _present(leaf: Comparison, counter: Counter) -> Predicate:
    """The comparison, of labels alone that mention the category."""
    if lower_bound(leaf) > 0:
        return leaf
    if leaf.op in (CompareOp.EQ, CompareOp.LE, CompareOp.LT) and leaf.bound <= (leaf.op is CompareOp.LT):
        return Constant(False, span=leaf.span)  # 0 and no more: where it is not mentioned
    return conjunction((leaf, Comparison(counter, CompareOp.GT, 0, span=leaf.span)), leaf.span)
