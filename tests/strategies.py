"""What random tests draw: trees, ontologies, labels.

All share a few names, so that what is drawn apart meets: jobs and categories with and without a place in the core, the
words of the language, and the names of metadata.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from functools import cache
from random import Random
from typing import Any

from attrs import evolve
from hypothesis import assume
from hypothesis import strategies as st

from kili_query.ast import (
    MAX_COUNT,
    Addend,
    And,
    CompareOp,
    Comparison,
    Constant,
    Counter,
    Exists,
    Filtered,
    Linear,
    Membership,
    NamePattern,
    Not,
    Number,
    Or,
    Pattern,
    Predicate,
    Range,
    Relation,
    RelationOp,
    Sum,
    Summand,
    Term,
    comparison,
    terms_of,
)
from kili_query.counting import CountPolicy
from kili_query.ontology import Ontology
from kili_query.ontology.names import pairs_matching
from kili_query.ontology.nesting import can_stand, child_jobs, jobs_inside

__all__ = [
    "CATEGORIES",
    "CHILD_JOBS",
    "ROOT_JOBS",
    "bounds",
    "bracket_trees",
    "broken_contents_of",
    "contents",
    "contents_of",
    "conversations",
    "core_trees",
    "counters",
    "interfaces",
    "json_values",
    "malformed_contents",
    "named_by",
    "ontologies",
    "patterns",
    "policies",
    "terms",
    "trees",
    "video_contents",
    "written_times",
]

ROOT_JOBS = ("OBJECTS", "SCENE", "AND", "Sur face")
CHILD_JOBS = ("SIZE", "KIND", "NOT")
CATEGORIES = ("A", "AB", "count", "R\u00e9d 4", "OR")

_JOBS = ROOT_JOBS + CHILD_JOBS
_METADATA = ("ROTATION_JOB", "ANNOTATION_JOB_COUNTER", "ANNOTATION_NAMES_JOB")
_FREQUENT_JOBS = ("OBJECTS",) * 5 + ("SIZE",) * 4  # so that what is drawn apart meets often
_FREQUENT_CATEGORIES = ("A",) * 5
_JOB_NAMES = st.sampled_from((*_FREQUENT_JOBS, *_JOBS, "RETIRED", "ROTATION_JOB", "0"))
_CATEGORY_NAMES = st.sampled_from((*_FREQUENT_CATEGORIES, *CATEGORIES))

_FRACTIONS = st.sampled_from([Decimal("0.5"), Decimal("1.5"), Decimal("2.25")])

# Trees

counters = st.builds(Counter, _JOB_NAMES, _CATEGORY_NAMES)
"""A job and a category; the job may be a child, retired, or metadata."""

bounds = st.integers(-1, 5) | st.sampled_from([MAX_COUNT - 1, MAX_COUNT, MAX_COUNT + 1])
"""Bounds that small labels come near to, and those at the end of the range."""

_STARS = st.sampled_from([("", ""), ("A", ""), ("", "B"), ("S", ""), ("O", "S"), ("", "C", "")]).map(NamePattern)
_PLAIN_JOBS = _JOB_NAMES.map(lambda name: NamePattern((name,)))
_PLAIN_CATEGORIES = _CATEGORY_NAMES.map(lambda name: NamePattern((name,)))

patterns = st.one_of(
    st.builds(Pattern, _STARS, _STARS),
    st.builds(Pattern, _PLAIN_JOBS, _STARS),
    st.builds(Pattern, _STARS, _PLAIN_CATEGORIES),
)
"""Sums over names, with a star in the job or the category at least."""


def terms(conditions: st.SearchStrategy[Predicate] | None = None) -> st.SearchStrategy[Term]:
    """What is counted: mostly counters; with conditions also objects chosen by them."""
    plain = counters | counters | counters | patterns
    if conditions is None:
        return plain
    return st.one_of(plain, plain, st.builds(Filtered, counters | patterns, conditions))


def _comparisons(of: st.SearchStrategy[Term]) -> st.SearchStrategy[Predicate]:
    return st.builds(comparison, of, st.sampled_from(CompareOp), bounds)


def _linear(of: st.SearchStrategy[Term]) -> st.SearchStrategy[Predicate]:
    addends = st.lists(
        st.builds(Addend, st.sampled_from([1, 1, -1, 2]), of), min_size=2, max_size=3, unique_by=_counter
    )
    return st.builds(Linear, addends.map(tuple), st.sampled_from(CompareOp), st.integers(-2, 6))


def _counter(addend: Addend) -> Term:
    return addend.counter


def _connected(inner: st.SearchStrategy[Predicate]) -> st.SearchStrategy[Predicate]:
    operands = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return st.builds(And, operands) | st.builds(Or, operands)


@st.composite
def core_trees(draw: st.DrawFn, *, depth: int = 2) -> Predicate:
    """Trees without sugar: comparisons, sums, AND, OR and constants."""
    return draw(_core_trees(depth))


@cache
def _core_trees(depth: int) -> st.SearchStrategy[Predicate]:
    of = terms(core_trees(depth=depth - 1) if depth else None)
    leaves = st.one_of(_comparisons(of), _comparisons(of), _linear(of), st.builds(Constant, st.booleans()))
    return st.recursive(leaves, _connected, max_leaves=4)


@st.composite
def trees(draw: st.DrawFn, *, depth: int = 1) -> Predicate:
    """Trees as written, with every kind of sugar."""
    return draw(_trees(depth))


@cache
def _trees(depth: int) -> st.SearchStrategy[Predicate]:
    of = terms(trees(depth=depth - 1) if depth else None)
    leaves = st.one_of(
        _comparisons(of), st.builds(Exists, of), st.builds(Constant, st.booleans()), _relations(of), _memberships(of)
    )
    return st.recursive(leaves, lambda inner: _connected(inner) | st.builds(Not, inner), max_leaves=4)


def _relations(of: st.SearchStrategy[Term]) -> st.SearchStrategy[Predicate]:
    numbers = st.integers(-1, 5) | st.sampled_from([Decimal("0.5"), Decimal("2.5"), Decimal(10) ** 30])
    one = st.builds(Sum, st.builds(Summand, of | numbers).map(lambda only: (only,)))
    many = st.builds(Sum, _summands(of))
    return st.one_of(one, many).flatmap(
        lambda first: st.lists(st.tuples(st.sampled_from(RelationOp), one), min_size=1, max_size=2).map(
            lambda rest: Relation((first, *(right for _, right in rest)), tuple(op for op, _ in rest))
        )
    )


def _summands(of: st.SearchStrategy[Term]) -> st.SearchStrategy[tuple[Summand, ...]]:
    part = st.builds(Summand, of | of | st.integers(0, 3) | _FRACTIONS, negative=st.booleans())
    return st.lists(part, min_size=1, max_size=3).map(tuple)


def _memberships(of: st.SearchStrategy[Term]) -> st.SearchStrategy[Predicate]:
    one = st.builds(Summand, of).map(lambda only: (only,))
    return st.builds(Sum, one | _summands(of)).flatmap(
        lambda head: st.builds(
            Membership,
            st.just(head),
            _ranges(st.integers(-1, 4) | _FRACTIONS if _is_fraction(head) else st.integers(-1, 4)),
            negated=st.booleans(),
        )
    )


def _is_fraction(head: Sum) -> bool:
    """Whether the numbers of a sum come to a fraction; otherwise a set is read as one of integers."""
    numbers = [(-1 if one.negative else 1, one.operand) for one in head.summands if isinstance(one.operand, Decimal)]
    return sum(sign * number for sign, number in numbers) % 1 != 0


def _ranges(number: st.SearchStrategy[Number]) -> st.SearchStrategy[tuple[Range, ...]]:
    item = st.one_of(
        number.map(lambda value: Range(value, value)),
        st.tuples(number, st.integers(0, 3)).map(lambda pair: Range(pair[0], pair[0] + pair[1])),
        number.map(lambda value: Range(value, None)),
    )
    return st.lists(item, min_size=1, max_size=3).map(tuple)


# Ontologies

_OFTEN = st.integers(0, 3).map(bool)
"""Three times in four."""


@st.composite
def interfaces(draw: st.DrawFn) -> dict[str, Any]:
    """A ``jsonInterface``: root jobs, and child jobs that hang under their categories."""
    jobs: dict[str, Any] = {}
    others = draw(st.lists(st.sampled_from(_JOBS), max_size=4, unique=True))
    for name in dict.fromkeys(("OBJECTS", "SIZE", *others)):
        is_child = name in CHILD_JOBS
        usual = "CLASSIFICATION" if is_child else "OBJECT_DETECTION"
        tasks = (usual, usual, usual, "CLASSIFICATION") if name in ("OBJECTS", "SIZE") else (usual, "CLASSIFICATION")
        task = draw(st.sampled_from((*tasks, *tasks, "TRANSCRIPTION")))
        widget = draw(st.sampled_from(("radio", "checkbox")))
        content: dict[str, Any] = {"input": "textField"}
        if task != "TRANSCRIPTION":
            keys = draw(st.lists(_CATEGORY_NAMES, min_size=1, max_size=4, unique=True))
            categories = {key: {"name": key.title(), "children": []} for key in keys}
            if task == "OBJECT_DETECTION" and draw(_OFTEN):
                for category in categories.values():
                    category["points"] = [{"code": code, "name": code, "children": []} for code in ("p", "q")]
            content = {"input": widget, "categories": categories}
        jobs[name] = {
            "mlTask": task,
            "required": draw(st.integers(0, 1)),
            "isChild": is_child,
            "instruction": f"{name.lower()}?",
            "content": content,
            **({"tools": ["rectangle"]} if task == "OBJECT_DETECTION" else {}),
        }
    for name in [name for name in jobs if jobs[name]["isChild"]]:
        if draw(st.integers(0, 4)) == 0:
            continue  # no category lists it, as when its parent was deleted
        for parent in jobs:
            for category in jobs[parent]["content"].get("categories", {}).values():
                if parent != name and draw(_OFTEN) and not _leads_to(jobs, name, parent):
                    draw(st.sampled_from(_child_lists(category))).append(name)
    return {"jobs": jobs}


def _child_lists(category: dict[str, Any]) -> list[list[str]]:
    """Where a category lists child jobs: its points, where it is a pose, and itself."""
    return [*(point["children"] for point in category.get("points", ())), category["children"]]


def _leads_to(jobs: dict[str, Any], start: str, goal: str) -> bool:
    """Whether a job stands below another already, so that no job comes to stand below itself."""
    categories = jobs[start]["content"].get("categories", {}).values()
    below = (child for category in categories for listed in _child_lists(category) for child in listed)
    return start == goal or any(_leads_to(jobs, child, goal) for child in below)


@cache
def ontologies(
    input_types: tuple[str | None, ...] = ("IMAGE", "VIDEO", "PDF", None),
) -> st.SearchStrategy[Ontology]:
    """Decoded interfaces, of images, videos, or of unknown assets."""
    return st.builds(
        lambda interface, kind: Ontology.from_json_interface(interface, input_type=kind),
        interfaces(),
        st.sampled_from(input_types),
    )


@st.composite
def bracket_trees(draw: st.DrawFn, ontology: Ontology) -> Predicate:
    """A query about the children of objects, in the names of an ontology; the counters in brackets may stand there."""
    return named_by(draw(_bracket_trees()), ontology, draw(st.integers(0, 2**32 - 1)))


@cache
def _bracket_trees() -> st.SearchStrategy[Predicate]:
    plain = st.builds(Comparison, counters | patterns, st.sampled_from(CompareOp), st.integers(0, 2))
    condition = st.one_of(
        plain, st.builds(Exists, counters | patterns), _relations(counters | patterns), _memberships(counters)
    )
    simple = st.builds(Exists, counters)
    inside = st.one_of(simple, simple, st.builds(Not, simple), condition, _connected(simple | condition))
    chosen = st.builds(Filtered, counters | patterns, inside)
    leaves = st.one_of(
        st.builds(Exists, chosen),
        st.builds(Exists, chosen),
        st.builds(Comparison, chosen, st.sampled_from(CompareOp), st.integers(0, 2)),
        _relations(chosen),
        _memberships(chosen),
    )
    return st.one_of(leaves, leaves, st.builds(Not, leaves), _connected(leaves | plain))


def named_by(tree: Predicate, ontology: Ontology, seed: int) -> Predicate:
    """The tree with its counters replaced by those of an ontology, and in brackets by those that may stand there.

    Patterns stay where they match something. Where nothing can stand, all is TRUE.
    """
    return _Names(ontology, Random(seed)).tree(tree, None)


class _Names:
    def __init__(self, ontology: Ontology, random: Random) -> None:
        self.ontology = ontology
        self.random = random

    def tree(self, tree: Predicate, jobs: frozenset[str] | None) -> Predicate:
        if terms_of(tree) and not self.pairs(jobs):
            return Constant(True)
        match tree:
            case And(operands):
                return And(tuple(self.tree(operand, jobs) for operand in operands))
            case Or(operands):
                return Or(tuple(self.tree(operand, jobs) for operand in operands))
            case Not(operand):
                return Not(self.tree(operand, jobs))
            case Comparison(counter) | Exists(counter):
                return evolve(tree, counter=self.term(counter, jobs))
            case Linear(addends):
                return evolve(
                    tree, addends=tuple(Addend(one.coefficient, self.term(one.counter, jobs)) for one in addends)
                )
            case Relation(sums):
                return evolve(tree, sums=tuple(self.sum(one, jobs) for one in sums))
            case Membership(one):
                return evolve(tree, sum=self.sum(one, jobs))
            case Constant():
                return tree

    def sum(self, one: Sum, jobs: frozenset[str] | None) -> Sum:
        return Sum(
            tuple(
                Summand(self.term(part.operand, jobs), part.negative)
                if isinstance(part.operand, Counter | Pattern | Filtered)
                else part
                for part in one.summands
            )
        )

    def term(self, term: Term, jobs: frozenset[str] | None) -> Term:
        match term:
            case Counter() | Pattern():
                return self.name(term, jobs)
            case Filtered(counter, condition):
                found = self.parent(counter, jobs)
                inside = jobs_inside(found, self.ontology, None if jobs is None else child_jobs(self.ontology))
                return Filtered(found, self.tree(condition, inside))

    def name(self, name: Counter | Pattern, jobs: frozenset[str] | None) -> Counter | Pattern:
        pairs = self.pairs(jobs)
        if isinstance(name, Pattern):
            among = None if jobs is None else child_jobs(self.ontology)
            if any(pair in pairs for pair in pairs_matching(name, self.ontology, among) or ()):
                return name
        return self.any_of(pairs, as_pattern=isinstance(name, Pattern))

    def parent(self, name: Counter | Pattern, jobs: frozenset[str] | None) -> Counter | Pattern:
        """What stands before brackets: something with children, where there is such."""
        pairs = self.pairs(jobs)
        parents = [pair for pair in pairs if jobs_inside(Counter(*pair), self.ontology)]
        return self.any_of(parents or pairs, as_pattern=isinstance(name, Pattern))

    def any_of(self, pairs: list[tuple[str, str]], *, as_pattern: bool) -> Counter | Pattern:
        """A pair, or all of its job."""
        job, category = self.random.choice(pairs)
        return Pattern(NamePattern((job,)), NamePattern(("", ""))) if as_pattern else Counter(job, category)

    def pairs(self, jobs: frozenset[str] | None) -> list[tuple[str, str]]:
        """What may stand in a place."""
        return [
            pair
            for pair in self.ontology.pairs()
            if (can_stand(pair[0], self.ontology) if jobs is None else pair[0] in jobs)
        ]


# Labels


@st.composite
def contents_of(draw: st.DrawFn, ontology: Ontology, *, is_complete: bool = False) -> dict[str, Any]:
    """A label that obeys an ontology; a complete one has all root jobs that are required."""
    roots = [name for name, job in ontology.jobs.items() if not job.is_child]
    if is_complete:
        needed = [name for name in roots if ontology.jobs[name].is_required]
        held = {name: draw(_payload_of(ontology, name)) for name in roots if name in needed or draw(_OFTEN)}
        assume(all(held[name].get("annotations") != [] for name in needed))
        return held
    if not ontology.is_video:
        return {name: draw(_payload_of(ontology, name)) for name in roots if draw(_OFTEN)}
    frames = range(draw(st.sampled_from((3, 2, 1, 0))))
    return {str(frame): {name: draw(_payload_of(ontology, name)) for name in roots if draw(_OFTEN)} for frame in frames}


def broken_contents_of(ontology: Ontology) -> st.SearchStrategy[dict[str, Any]]:
    """A label that obeyed another ontology: some of its categories and child jobs have other names of this one."""
    return st.builds(
        lambda content, seed: _Breaker(ontology, Random(seed)).jobs(content, is_root=True),
        contents_of(ontology),
        st.integers(0, 2**32 - 1),
    )


class _Breaker:
    def __init__(self, ontology: Ontology, random: Random) -> None:
        self.random = random
        self.frames = ontology.is_video
        self.children = [name for name, job in ontology.jobs.items() if job.is_child]
        self.categories = [key for _, key in ontology.pairs()] or ["A"]

    def jobs(self, jobs: dict[str, Any], *, is_root: bool = False) -> dict[str, Any]:
        if is_root and self.frames:
            return {frame: self.jobs(held, is_root=False) for frame, held in jobs.items()}
        return {
            (self.random.choice(self.children) if name in self.children and self.is_so(0.3) else name): self.holder(one)
            for name, one in jobs.items()
        }

    def holder(self, holder: dict[str, Any]) -> dict[str, Any]:
        changed = dict(holder)
        if "name" in changed and self.is_so(0.3):
            changed["name"] = self.random.choice(self.categories)
        for key in ("categories", "annotations", "points"):
            if key in changed:
                changed[key] = [self.holder(one) for one in changed[key]]
        if "children" in changed:
            changed["children"] = self.jobs(changed["children"])
        return changed

    def is_so(self, chance: float) -> bool:
        return self.random.random() < chance


@st.composite
def _payload_of(draw: st.DrawFn, ontology: Ontology, name: str) -> dict[str, Any]:
    job = ontology.jobs[name]
    flag = {"isKeyFrame": draw(st.booleans())} if ontology.is_video else {}
    if not job.has_categories:
        return {"text": "free", **flag}
    if job.is_classification:
        most = 1 if job.is_single_choice else len(job.categories)
        keys = draw(st.lists(st.sampled_from(list(job.categories)), min_size=1, max_size=most, unique=True))
        return {
            "categories": [{"name": key, "children": draw(_children_of(ontology, name, key))} for key in keys],
            **flag,
        }
    annotations = []
    for index in range(draw(st.integers(0, 4))):
        key = draw(st.sampled_from(list(job.categories)))
        children = draw(_children_of(ontology, name, key))
        points = [
            {"code": point.code, "children": draw(_children_in(ontology, point.children))}
            for point in job.categories[key].points
        ]
        posed = {"points": points} if points else {}
        annotations.append(
            {"mid": f"{name}-{index}", "categories": [{"name": key}], "children": children, **posed, **flag}
        )
    return {"annotations": annotations}


def _children_of(ontology: Ontology, job: str, category: str) -> st.SearchStrategy[dict[str, Any]]:
    """The child jobs of a category that stand in the object itself, and not in one of its points alone."""
    found = ontology.jobs[job].categories[category]
    in_points = {name for point in found.points for name in point.children}
    return _children_in(ontology, tuple(name for name in found.children if name not in in_points))


@st.composite
def _children_in(draw: st.DrawFn, ontology: Ontology, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: draw(_payload_of(ontology, name)) for name in names if draw(_OFTEN)}


class _Writer:
    """Writes labels that obey no ontology: any job anywhere, `null` and empty parts, shared mids.

    What hypothesis would draw part by part is mostly empty, and slow; so it draws a seed and how rich the label is.
    """

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)

    def is_so(self, chance: float) -> bool:
        return self.random.random() < chance

    def pick(self, values: Sequence[Any]) -> Any:
        return self.random.choice(values)

    def jobs(self, richness: int, depth: int) -> dict[str, Any]:
        names = (*_FREQUENT_JOBS, *_JOBS, "RETIRED", "0", *_METADATA)
        return {self.pick(names): self.payload(richness, depth) for _ in range(richness)}

    def payload(self, richness: int, depth: int) -> Any:
        if self.is_so(0.06):
            return self.pick([None, {}, {"text": "free"}, {"orders": []}])
        payload: dict[str, Any] = {}
        held = self.pick(["categories", "annotations", "annotations", "both"])
        if held != "annotations":
            payload["categories"] = self.list_of(self.category, richness, depth)
        if held != "categories":
            payload["annotations"] = self.list_of(self.annotation, richness, depth)
        self.add_children(payload, richness, depth, 0.2)
        self.add_flag(payload)
        return payload

    def list_of(self, write: Callable[[int, int], Any], richness: int, depth: int) -> Any:
        if self.is_so(0.04):
            return self.pick([None, []])
        return [write(richness, depth) for _ in range(self.random.randint(1, richness + 1))]

    def category(self, richness: int, depth: int) -> dict[str, Any]:
        category: dict[str, Any] = {"name": self.pick((*_FREQUENT_CATEGORIES, *CATEGORIES))}
        self.add_children(category, richness, depth, 0.3)
        return category

    def annotation(self, richness: int, depth: int) -> dict[str, Any]:
        annotation: dict[str, Any] = {"mid": self.pick("abcdefgh"), "categories": [self.category(richness, depth)]}
        self.add_children(annotation, richness, depth, 0.5)
        self.add_flag(annotation)
        if self.is_so(0.1):
            annotation["mid"] = self.pick([None, 1, 2.5, "", 0])
        if self.is_so(0.03):
            del annotation["mid"]
        if self.is_so(0.1):
            annotation["categories"] = self.pick(
                [None, [], annotation["categories"] + [self.category(richness, depth)]]
            )
        if self.is_so(0.2):
            annotation["points"] = [self.point(richness, depth) for _ in range(2)]
        if self.is_so(0.1):
            annotation["annotations"] = [{"polys": [], "pageNumberArray": [1]}]
        return annotation

    def point(self, richness: int, depth: int) -> dict[str, Any]:
        point: dict[str, Any] = {self.pick(["mid", "code", "name"]): self.pick("pq")}
        self.add_children(point, richness, depth, 0.8)
        return point

    def add_children(self, holder: dict[str, Any], richness: int, depth: int, chance: float) -> None:
        if self.is_so(0.2):
            holder["children"] = self.pick([None, {}, {}])
        elif depth and self.is_so(chance):
            holder["children"] = self.jobs(max(1, richness - 1), depth - 1)

    def add_flag(self, holder: dict[str, Any]) -> None:
        if self.is_so(0.5):
            holder["isKeyFrame"] = self.pick([True, True, False, None])

    def video(self, richness: int, depth: int) -> dict[str, Any]:
        keys = ["0", "1", "2", "10", "assetLevel", *(("02", "00") if self.is_so(0.1) else ())]
        chosen = sorted(self.random.sample(keys, self.random.randint(1, 4)), key=keys.index)
        frames = {key: None if self.is_so(0.1) else self.jobs(richness, depth) for key in chosen}
        jobs = {self.pick((*ROOT_JOBS, *_METADATA)): self.payload(richness, 0)} if self.is_so(0.2) else {}
        return {**jobs, **frames}

    def damage(self, value: Any) -> Any:
        """The value with one part replaced by something that rarely has the right shape, or taken out."""
        keys = list(value) if isinstance(value, dict) else list(range(len(value))) if isinstance(value, list) else []
        if not keys or self.is_so(0.1):
            return self.pick(
                [None, True, False, 0, 1, 1.5, "", "A", "name", [], [[]], [None], ["A"], {}, {"A": 1}, [{}]]
            )
        key = self.pick(keys)
        damaged = value.copy()
        if isinstance(value, dict) and self.is_so(0.15):
            del damaged[key]
        else:
            damaged[key] = self.damage(value[key])
        return damaged


_SEEDS = st.integers(0, 2**32 - 1)
_RICHNESS = st.sampled_from([3, 2, 1, 4])


@cache
def contents(*, depth: int = 2) -> st.SearchStrategy[dict[str, Any]]:
    """Labels of the right shape that obey no ontology: any job anywhere, `null` and empty parts, shared mids."""
    return st.builds(lambda seed, richness: _Writer(seed).jobs(richness, depth), _SEEDS, _RICHNESS)


@cache
def video_contents(*, depth: int = 1) -> st.SearchStrategy[dict[str, Any]]:
    """The same for videos: sparse frames, empty ones, and now and then jobs without a frame."""
    return st.builds(lambda seed, richness: _Writer(seed).video(richness, depth), _SEEDS, _RICHNESS)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from(["", "A", "x", 1.5]),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["name", "mid", "A"]), inner, max_size=2)
    ),
    max_leaves=3,
)
"""Small JSON values that are seldom a label."""


@cache
def malformed_contents() -> st.SearchStrategy[object]:
    """Labels with one part or two of a wrong shape, mostly."""

    def write(seed: int, richness: int) -> object:
        writer = _Writer(seed)
        content: object = writer.video(richness, 1) if writer.is_so(0.3) else writer.jobs(richness, 1)
        for _ in range(writer.pick([1, 1, 2])):
            content = writer.damage(content)
        return content

    return st.builds(write, _SEEDS, _RICHNESS)


policies = st.sampled_from([CountPolicy(), CountPolicy(video="key_frames"), CountPolicy(video="frames")])
"""Every way to count in a video."""


@st.composite
def written_times(draw: st.DrawFn) -> tuple[datetime, object]:
    """A moment to the millisecond, of a short span so that several lie close together, and a form of it in a file."""
    moment = datetime(2024, 2, 1, 9, 30, tzinfo=UTC) + timedelta(milliseconds=draw(st.sampled_from([0, 1, 500, 1000])))
    moment += timedelta(hours=draw(st.sampled_from([-1, 0, 0, 0, 1])))
    local = moment.astimezone(timezone(timedelta(minutes=draw(st.sampled_from([0, 60, 120, -300, 330])))))
    text = local.isoformat()  # without a fraction where it is 0
    milliseconds = round(moment.timestamp() * 1000)
    utc = moment.isoformat().removesuffix("+00:00")
    forms = [text, text.replace("T", " "), f"{utc}Z", utc, milliseconds, milliseconds / 1000, str(milliseconds)]
    return moment, draw(st.sampled_from(forms))


@st.composite
def conversations(draw: st.DrawFn) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Annotations that tell the content of a label, and that content."""
    annotations: list[dict[str, Any]] = []

    def jobs(path: list[list[str]]) -> dict[str, Any]:
        made: dict[str, Any] = {}
        names = st.sampled_from(["KIND", "WHY", "NOTE", "BEST"])
        # at the root, each round may answer a job again
        for job in draw(st.lists(names, min_size=not path, max_size=2 if path else 3, unique=bool(path))):
            own = f"{len(annotations)}"
            one: dict[str, Any] = {
                "id": own,
                "job": job,
                "path": path,
                "chatItemId": draw(st.sampled_from([None, "m"])),
            }
            annotations.append(one)
            if job in ("NOTE", "BEST"):
                one["annotationValue"] = {"text": own} if job == "NOTE" else {"choice": {"code": own}}
                made.setdefault(job, one["annotationValue"])
                continue
            chosen = draw(st.lists(st.sampled_from(["GOOD", "SHORT"]), max_size=2))
            one["annotationValue"] = {"categories": chosen}
            below = {name: jobs([*path, [own, name]]) if len(path) < 2 else {} for name in dict.fromkeys(chosen)}
            made.setdefault(job, {"categories": []})["categories"] += [
                {"name": name, "children": below[name]} if below[name] else {"name": name} for name in chosen
            ]
        return made

    content = jobs([])
    can_move = len({one["job"] for one in annotations if not one["path"]}) == len(annotations)
    return draw(st.permutations(annotations)) if can_move else annotations, content
