"""A predicate over one label as JSON bytes."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias, assert_never

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
from kili_query.targets.raw_bytes.roots import RootsReader
from kili_query.targets.raw_bytes.shapes import is_plain_name
from kili_query.targets.raw_bytes.tally import Counts, Tally, TooDeep

__all__ = ["BytesMatcher", "compile_bytes"]

_JudgeCounts: TypeAlias = Callable[[Counts], bool]


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
        self._fast = _fast_path(lower(tree), Rules.of(policy, ontology), at)

    def __call__(self, data: bytes | bytearray | memoryview) -> bool:
        if not isinstance(data, bytes):
            if not isinstance(data, bytearray | memoryview):
                raise TypeError(f"a label's JSON is given as bytes, not as {type(data).__name__}")
            data = bytes(data)
        verdict = self.sift(data)
        return self._judge_content(self._content_in(data)) if verdict is None else verdict

    def sift(self, data: bytes) -> bool | None:
        """The verdict on a label of the usual shape; None where that is too unusual to be told by quick looks."""
        return None if self._fast is None else self._fast(data)

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


class _Fast:
    """The fast path: decode to the types of `shapes`, count, compare."""

    def __init__(self, tree: Predicate, counted: Sequence[Counter | Pattern], rules: Rules, at: str) -> None:
        jobs = {term.job for term in counted if isinstance(term, Counter)} - METADATA_JOBS
        is_deep = any(isinstance(term, Pattern) for term in counted) or not jobs <= rules.root_jobs
        self._read = RootsReader(None if is_deep else jobs, rules, at, is_deep=is_deep)
        self._tally = Tally(counted, rules)
        self._judge = _compile(tree, {term: index for index, term in enumerate(counted)})

    def __call__(self, data: bytes) -> bool | None:
        if not is_sound(data):
            return None
        try:
            roots = self._read(data)
            return None if roots is None else self._judge(self._tally(roots))
        except (msgspec.MsgspecError, RecursionError, TooDeep):
            return None


def _fast_path(tree: Predicate, rules: Rules, at: str) -> _Fast | None:
    """The fast path of a lowered tree, where it has one."""
    if at and not is_plain_name(at):
        return None
    counted: list[Counter | Pattern] = []
    for term in dict.fromkeys(terms(tree)):
        if isinstance(term, Filtered):
            return None
        counted.append(term)
    return _Fast(tree, counted, rules, at)


def _compile(tree: Predicate, indices: Mapping[Term, int]) -> _JudgeCounts:
    match tree:
        case Comparison(counter, op, bound):
            holds, index = COMPARE[op], indices[counter]
            return lambda counts: holds(counts.get(index, 0), bound)
        case Linear(addends, op, bound):
            holds, weighted = COMPARE[op], [(addend.coefficient, indices[addend.counter]) for addend in addends]
            return lambda counts: holds(sum(weight * counts.get(index, 0) for weight, index in weighted), bound)
        case And(operands):
            judges = [_compile(operand, indices) for operand in operands]
            return lambda counts: all(judge(counts) for judge in judges)
        case Or(operands):
            judges = [_compile(operand, indices) for operand in operands]
            return lambda counts: any(judge(counts) for judge in judges)
        case Constant(value):
            return lambda _: value
        case Not() | Exists() | Relation() | Membership():
            raise TypeError(f"`{print_tree(tree)}` is not lowered")
        case _:
            assert_never(tree)
