"""A predicate over one label as JSON bytes."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

import msgspec

from kili_query.ast import Counter, Filtered, Pattern, Predicate, terms
from kili_query.ast.flat import Flat, flatten, restore
from kili_query.ast.walk import subtrees, terms_of
from kili_query.counting import DEFAULT_POLICY, CountPolicy, Rules
from kili_query.counting.label import content_of, reason_not_json
from kili_query.errors import MalformedLabelError, UnknownContentError
from kili_query.ontology import Ontology
from kili_query.ontology.job import METADATA_JOBS
from kili_query.syntax.lower import lower
from kili_query.syntax.printer import print_tree
from kili_query.targets.closures import compile_closure
from kili_query.targets.raw_bytes.decoding import decode, is_sound
from kili_query.targets.raw_bytes.judges import compile_judge
from kili_query.targets.raw_bytes.names import only_job
from kili_query.targets.raw_bytes.objects import total_of
from kili_query.targets.raw_bytes.roots import ContentReader, FramesReader, looks_like_video
from kili_query.targets.raw_bytes.shapes import Jobs, is_plain_name, jobs_type
from kili_query.targets.raw_bytes.sites import TooDeep, with_all_below
from kili_query.targets.raw_bytes.tally import Tally, tallied

__all__ = ["BytesMatcher", "compile_bytes"]

_Way: TypeAlias = Callable[[bytes], bool | None]

_FEW = 12
"""How many comparisons count one by one; above it one walk counts for all."""


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
        judge_content: the engine for decoded content.
    """

    decode = staticmethod(decode)

    def __init__(self, tree: Predicate, ontology: Ontology | None, policy: CountPolicy, at: str) -> None:
        self.tree = tree
        self.ontology = ontology
        self.policy = policy
        self.at = at
        self.judge_content = compile_closure(tree, ontology=ontology, policy=policy)
        self._ways = tuple(_ways(lower(tree), Rules.of(policy, ontology), at))

    def __call__(self, data: bytes | bytearray | memoryview) -> bool:
        if not isinstance(data, bytes):
            if not isinstance(data, bytearray | memoryview):
                raise TypeError(f"a label's JSON is given as bytes, not as {type(data).__name__}")
            data = bytes(data)
        verdict = self.sift(data)
        return self.judge_content(self._content_in(data)) if verdict is None else verdict

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

    def __reduce__(self) -> tuple[object, tuple[Flat, Ontology | None, CountPolicy, str]]:
        return _compile_again, (flatten(self.tree), self.ontology, self.policy, self.at)

    def __repr__(self) -> str:
        return f"<BytesMatcher {print_tree(self.tree)}>"


def _compile_again(flat: Flat, ontology: Ontology | None, policy: CountPolicy, at: str) -> BytesMatcher:
    return BytesMatcher(restore(flat), ontology, policy, at)


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

    >>> from kili_query.ast import CompareOp, Comparison
    >>> match = compile_bytes(Comparison(Counter("SKY", "BLUE"), CompareOp.GT, 0))
    >>> match(b'{"id": "a", "jsonResponse": {"SKY": {"categories": [{"name": "BLUE"}]}}}')
    True
    """
    return BytesMatcher(tree, ontology, policy, at)


class _InImage:
    """The way of labels that are no videos."""

    def __init__(self, tree: Predicate, rules: Rules, at: str) -> None:
        jobs = {only_job(term) for term in terms(tree)}
        is_at_root = jobs <= rules.root_jobs | METADATA_JOBS
        has_brackets = any(isinstance(term, Filtered) for term in terms(tree))
        self._is_by_shape = rules.is_video is None  # so that all keys have to be seen
        names = None if self._is_by_shape or not is_at_root else [job for job in jobs if job is not None]
        kind = jobs_type(names, with_children=has_brackets or not is_at_root)
        self._read: ContentReader[Jobs] = ContentReader(kind, at)
        self._judge = _judge_of_root(tree, rules, is_at_root)

    def __call__(self, data: bytes) -> bool | None:
        jobs = self._read(data)
        if jobs is None or (self._is_by_shape and looks_like_video(jobs)):
            return None
        return self._judge(jobs)


def _judge_of_root(tree: Predicate, rules: Rules, is_at_root: bool) -> Callable[[Jobs], bool]:
    plain = _plain_terms(tree)
    if plain is not None and sum(1 for node in subtrees(tree) if terms_of(node)) > _FEW:
        tally, judge_counts = Tally(plain, rules), compile_judge(tree, tallied(plain))
        return lambda jobs: judge_counts(tally([(None, jobs)]))
    judge = compile_judge(tree, total_of(rules))
    return (lambda jobs: judge([(jobs, ())])) if is_at_root else (lambda jobs: judge(with_all_below([(jobs, ())], 0)))


class _InVideo:
    """The way of videos, where all terms are counted in one walk."""

    def __init__(self, tree: Predicate, counted: Sequence[Counter | Pattern], rules: Rules, at: str) -> None:
        is_deep = any(only_job(term) not in rules.root_jobs for term in counted)
        self._read = FramesReader(jobs_type(None, with_children=is_deep), at)
        self._tally = Tally(counted, rules)
        self._judge = compile_judge(tree, tallied(counted))

    def __call__(self, data: bytes) -> bool | None:
        roots = self._read(data)
        return None if roots is None else self._judge(self._tally(roots))


def _ways(tree: Predicate, rules: Rules, at: str) -> Iterator[_Way]:
    """The fast ways to a verdict on a lowered tree, where it has some."""
    if at and not is_plain_name(at):
        return
    if rules.is_video is not True:
        yield _InImage(tree, rules, at)
    plain = _plain_terms(tree)
    if rules.is_video is not False and plain is not None:
        yield _InVideo(tree, plain, rules, at)


def _plain_terms(tree: Predicate) -> list[Counter | Pattern] | None:
    """What the tree counts, where it has no brackets."""
    counted = list(dict.fromkeys(terms(tree)))
    plain = [term for term in counted if not isinstance(term, Filtered)]
    return plain if len(plain) == len(counted) else None
