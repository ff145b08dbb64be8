"""The engine for labels that are still JSON text: decode what the query needs, and ignore the rest in C.

From the query and the ontology a type is built that names the jobs and the few fields that count. A label that does not
fit it is decoded in full and judged by closures: an unusual label costs time and changes no verdict. Needs msgspec
(extra ``fast``).
"""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from kili_query.ast import COMPARE, Addend, Comparison, Filtered, Linear, Predicate, Term, terms
from kili_query.ast.flat import Flat, flatten, restore
from kili_query.counting import DEFAULT_POLICY, CountPolicy, Rules, Wanted
from kili_query.counting.decoding import decode
from kili_query.counting.label import content_of, reason_not_json
from kili_query.counting.typed import (
    LabelReader,
    TermNumbers,
    TooDeep,
    TypedSite,
    numbers_of_objects,
    objects_inside,
    with_all_below,
)
from kili_query.errors import MalformedLabelError, UnknownContentError
from kili_query.ontology import Ontology
from kili_query.ontology.job import METADATA_JOBS
from kili_query.syntax.lower import lower
from kili_query.syntax.printer import print_tree
from kili_query.targets.closures import compile_closure
from kili_query.targets.deciding import joined, lowered_to_read

_Label: TypeAlias = tuple[list[TypedSite], Sequence[int]]
"""The maps of jobs of a label, and how many objects each plain term counts there."""


class BytesMatcher:
    """A compiled predicate: call it with one label as JSON bytes.

    ``matcher(data)`` returns whether the label matches. It raises `UnknownContentError` when the label has no content,
    or it or the label is text that is not JSON, and `MalformedLabelError` when something that had to be read has the
    wrong shape: the same as the closure on the decoded label. A matcher can be pickled, and is then compiled again.

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
        lowered, rules = lowered_to_read(tree), Rules.of(policy, ontology)
        counted = list(terms(lowered))
        jobs = {_only_job(term) for term in counted}
        has_brackets = any(isinstance(term, Filtered) for term in counted)
        self._looks_below = not jobs <= rules.root_jobs | METADATA_JOBS
        self._read = LabelReader(
            rules,
            at,
            jobs=None if self._looks_below else [job for job in jobs if job is not None],
            with_children=has_brackets or self._looks_below,
            with_videos=not has_brackets,
        )
        self._judge = _compile(lowered, rules)

    def __call__(self, data: bytes | bytearray | memoryview) -> bool:
        if not isinstance(data, bytes):
            if not isinstance(data, bytearray | memoryview):
                raise TypeError(f"a label's JSON must be bytes, not {type(data).__name__}")
            data = bytes(data)
        verdict = self.sift(data)
        return self.judge_content(self._content_in(data)) if verdict is None else verdict

    def sift(self, data: bytes) -> bool | None:
        """Return the verdict on a label of the usual shape; None where the label is unusual."""
        found = self._read(data)
        if found is None:
            return None
        try:
            return self._judge(with_all_below(found[1]) if self._looks_below else found[1])
        except TooDeep:
            return None

    def _content_in(self, data: bytes) -> object:
        try:
            label = decode(data)
        except (ValueError, RecursionError) as error:
            raise UnknownContentError(f"the label is {reason_not_json(error)}") from error
        if not self.at:
            return label
        if not isinstance(label, dict):
            raise MalformedLabelError("the label must be an object")
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
        ontology: says whether labels are a video's, and which jobs count only at the root; with it less is decoded.
        policy: what is counted in a video.
        at: the field of a label that holds its content, an object or JSON text; empty when the bytes are the content.

    >>> from kili_query.ast import CompareOp, Counter
    >>> match = compile_bytes(Comparison(Counter("SKY", "BLUE"), CompareOp.GT, 0))
    >>> match(b'{"id": "a", "jsonResponse": {"SKY": {"categories": [{"name": "BLUE"}]}}}')
    True
    """
    return BytesMatcher(tree, ontology, policy, at)


def _compile(tree: Predicate, rules: Rules) -> Callable[[list[TypedSite]], bool]:
    """Return a judge of the maps of jobs in a label, or inside an object."""
    plain = [term for term in dict.fromkeys(terms(tree)) if not isinstance(term, Filtered)]
    numbers = TermNumbers(plain)
    indices: dict[Term, int] = {term: index for index, term in enumerate(plain)}

    def count(addend: Addend) -> Callable[[_Label], int]:
        match addend:
            case Addend(coefficient, Filtered() as term):
                count_filtered = _filtered_counter(term, rules)
                return lambda label: coefficient * count_filtered(label[0])
            case Addend(coefficient, term):
                index = indices[term]
                return lambda label: coefficient * label[1][index]

    def leaf(tree: Comparison | Linear) -> Callable[[_Label], bool]:
        holds, bound = COMPARE[tree.op], tree.bound
        if isinstance(tree, Comparison):
            if (index := indices.get(tree.counter)) is not None:
                return lambda label: holds(label[1][index], bound)
            number = count(Addend(1, tree.counter))
            return lambda label: holds(number(label), bound)
        numbers = [count(addend) for addend in tree.addends]
        return lambda label: holds(sum([number(label) for number in numbers]), bound)

    judge = joined(tree, leaf)

    def judge_sites(sites: list[TypedSite]) -> bool:
        counts = [0] * len(plain)
        for number in numbers_of_objects(sites, numbers, rules) if plain else ():
            counts[number] += 1
        return judge((sites, counts))

    return judge_sites


def _filtered_counter(term: Filtered, rules: Rules) -> Callable[[list[TypedSite]], int]:
    """Count the objects whose child jobs satisfy a condition."""
    numbers, judge = TermNumbers([term.counter]), _compile(lower(term.condition), rules)
    return lambda sites: sum(
        judge(with_all_below(inside, 1)) for inside in objects_inside(sites, numbers, rules).values()
    )


def _only_job(term: Term) -> str | None:
    return Wanted.of(term.counter if isinstance(term, Filtered) else term, Rules()).only_job
