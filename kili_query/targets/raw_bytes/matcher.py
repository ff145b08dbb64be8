"""A predicate over one label as JSON bytes."""

from collections.abc import Callable, Iterator, Sequence
from operator import itemgetter
from typing import TypeAlias, TypeVar, assert_never

import msgspec

from kili_query.ast import (
    And,
    Comparison,
    Constant,
    Counter,
    Exists,
    Filtered,
    Linear,
    Membership,
    Not,
    Or,
    Pattern,
    Predicate,
    Relation,
    Term,
    terms,
)
from kili_query.counting import DEFAULT_POLICY, CountPolicy, Rules
from kili_query.counting.label import content_of, reason_not_json
from kili_query.errors import MalformedLabelError, UnknownContentError
from kili_query.ontology import Ontology
from kili_query.ontology.job import METADATA_JOBS
from kili_query.syntax.lower import lower
from kili_query.syntax.printer import print_tree
from kili_query.targets.closures import compile_closure
from kili_query.targets.explain import COMPARE
from kili_query.targets.raw_bytes.decoding import decode, is_sound
from kili_query.targets.raw_bytes.roots import ContentReader, RootsReader, looks_like_video
from kili_query.targets.raw_bytes.shapes import Jobs, is_plain_name, jobs_type, jobs_type_without
from kili_query.targets.raw_bytes.tally import Counts, Tally, TooDeep, count_at_root

__all__ = ["BytesMatcher", "compile_bytes"]

_Way: TypeAlias = Callable[[bytes], bool | None]

_FEW = 8
"""How many counters are counted one by one; above it one walk counts them all."""

_T = TypeVar("_T")


class BytesMatcher:
    """A compiled predicate: call it with one label as JSON bytes.

    ``matcher(data)`` tells whether the label matches. It raises `UnknownContentError` when the label has no content,
    or it or the label is text that is not JSON, and `MalformedLabelError` when something that had to be read has the
    wrong shape: the same as the closure on the decoded label. A matcher can be pickled, and is then compiled anew.

    Attributes:
        tree: the predicate, as it was given.
        ontology: what it was compiled with.
        policy: what is counted in a video.
        at: the field of a label that holds its content; empty when the bytes are the content.
    """

    def __init__(self, tree: Predicate, ontology: Ontology | None, policy: CountPolicy, at: str) -> None:
        self.tree = tree
        self.ontology = ontology
        self.policy = policy
        self.at = at
        self._judge_content = compile_closure(tree, ontology=ontology, policy=policy)
        self._ways = tuple(_ways(lower(tree), Rules.of(policy, ontology), ontology, at))

    def __call__(self, data: bytes | bytearray | memoryview) -> bool:
        if not isinstance(data, bytes):
            if not isinstance(data, bytearray | memoryview):
                raise TypeError(f"a label's JSON is given as bytes, not as {type(data).__name__}")
            data = bytes(data)
        verdict = self.sift(data)
        return self._judge_content(self._content_in(data)) if verdict is None else verdict

    def sift(self, data: bytes) -> bool | None:
        """The verdict on a label of the usual shape; None where that is too unusual to be told by quick looks."""
        if not is_sound(data):
            return None
        for way in self._ways:
            try:
                verdict = way(data)
            except (msgspec.MsgspecError, RecursionError, TooDeep):
                continue
            if verdict is not None:
                return verdict
        return None

    def _content_in(self, data: bytes) -> object:
        try:
            label = decode(data)
        except (ValueError, RecursionError) as error:
            raise UnknownContentError(f"the label is {reason_not_json(error)}") from error
        if not self.at:
            return label
        if not isinstance(label, dict):
            raise MalformedLabelError("the label is no object")
        return content_of(label, self.at)

    def __reduce__(self) -> tuple[type["BytesMatcher"], tuple[Predicate, Ontology | None, CountPolicy, str]]:
        return BytesMatcher, (self.tree, self.ontology, self.policy, self.at)

    def __repr__(self) -> str:
        return f"<BytesMatcher {print_tree(self.tree)}>"


def compile_bytes(
    tree: Predicate,
    *,
    ontology: Ontology | None = None,
    policy: CountPolicy = DEFAULT_POLICY,
    at: str = "jsonResponse",
) -> BytesMatcher:
    """Compile a predicate into a function from one label as JSON bytes to a verdict.

    Args:
        tree: a predicate, sugar allowed.
        ontology: tells whether labels are a video's, and which jobs count at the root alone; with it less is decoded.
        policy: what is counted in a video.
        at: the field of a label that holds its content, an object or JSON text; empty when the bytes are the content.

    >>> from kili_query.ast import CompareOp
    >>> match = compile_bytes(Comparison(Counter("SKY", "BLUE"), CompareOp.GT, 0))
    >>> match(b'{"id": "a", "jsonResponse": {"SKY": {"categories": [{"name": "BLUE"}]}}}')
    True
    """
    return BytesMatcher(tree, ontology, policy, at)


class _AtRoot:
    """The way of queries of jobs that stand at the root alone, as the ontology says or the label itself shows."""

    def __init__(self, tree: Predicate, counted: Sequence[Counter], rules: Rules, at: str) -> None:
        jobs = {counter.job for counter in counted} - METADATA_JOBS
        anywhere = jobs - rules.root_jobs
        self._is_by_shape = rules.is_video is None  # so that all keys have to be seen
        kind = jobs_type_without(anywhere) if anywhere else jobs_type(None if self._is_by_shape else jobs)
        self._read: ContentReader[Jobs] = ContentReader(kind, at)
        if len(counted) <= _FEW:
            self._judge = _compile(tree, _count_at_root)
        else:
            tally, judge = Tally(counted, rules), _compile_tallied(tree, counted)
            self._judge = lambda jobs: judge(tally([(None, jobs)]))

    def __call__(self, data: bytes) -> bool | None:
        jobs = self._read(data)
        if jobs is None or (self._is_by_shape and looks_like_video(jobs)):
            return None
        return self._judge(jobs)


class _Everywhere:
    """The way of all other queries: whatever counts is looked for in the whole label."""

    def __init__(self, tree: Predicate, counted: Sequence[Counter | Pattern], rules: Rules, at: str) -> None:
        is_deep = any(isinstance(term, Pattern) or term.job not in rules.root_jobs for term in counted)
        self._read = RootsReader(Jobs if is_deep else jobs_type(None), rules, at)
        self._tally = Tally(counted, rules)
        self._judge = _compile_tallied(tree, counted)

    def __call__(self, data: bytes) -> bool | None:
        roots = self._read(data)
        return None if roots is None else self._judge(self._tally(roots))


def _ways(tree: Predicate, rules: Rules, ontology: Ontology | None, at: str) -> Iterator[_Way]:
    """The fast ways to a verdict on a lowered tree, where it has some; the fastest first."""
    counted = [term for term in dict.fromkeys(terms(tree)) if not isinstance(term, Filtered)]
    if any(isinstance(term, Filtered) for term in terms(tree)) or (at and not is_plain_name(at)):
        return
    known = {} if ontology is None else ontology.jobs
    simple = [
        term for term in counted if isinstance(term, Counter) and not (term.job in known and known[term.job].is_child)
    ]
    if len(simple) == len(counted) and rules.is_video is not True:
        yield _AtRoot(tree, simple, rules, at)
    yield _Everywhere(tree, counted, rules, at)


def _compile_tallied(tree: Predicate, counted: Sequence[Term]) -> Callable[[Counts], bool]:
    indices = {term: index for index, term in enumerate(counted)}
    return _compile(tree, lambda term: itemgetter(indices[term]))


def _count_at_root(term: Term) -> Callable[[Jobs], int]:
    assert isinstance(term, Counter)  # other terms go another way
    return count_at_root(term)


def _compile(tree: Predicate, count: Callable[[Term], Callable[[_T], int]]) -> Callable[[_T], bool]:
    match tree:
        case Comparison(counter, op, bound):
            holds, number = COMPARE[op], count(counter)
            return lambda given: holds(number(given), bound)
        case Linear(addends, op, bound):
            holds, weighted = COMPARE[op], [(addend.coefficient, count(addend.counter)) for addend in addends]
            return lambda given: holds(sum(weight * number(given) for weight, number in weighted), bound)
        case And(operands):
            judges = [_compile(operand, count) for operand in operands]
            return lambda given: all(judge(given) for judge in judges)
        case Or(operands):
            judges = [_compile(operand, count) for operand in operands]
            return lambda given: any(judge(given) for judge in judges)
        case Constant(value):
            return lambda _: value
        case Not() | Exists() | Relation() | Membership():
            return _compile(lower(tree), count)
        case _:
            assert_never(tree)
