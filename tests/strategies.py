"""What random tests draw: trees, ontologies, labels.

All share a few names, so that what is drawn apart meets: jobs and categories with and without a place in the core, the
words of the language, and the names of metadata.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from functools import cache, partial
from random import Random
from typing import Any, TypeAlias

from attrs import evolve
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
from tests.tape import TAPES, Tape

__all__ = [
    "CATEGORIES",
    "CHILD_JOBS",
    "ROOT_JOBS",
    "bracket_trees",
    "broken_contents_of",
    "contents",
    "contents_of",
    "conversations",
    "core_trees",
    "interfaces",
    "json_values",
    "malformed_contents",
    "named_by",
    "ontologies",
    "policies",
    "trees",
    "video_contents",
    "written_times",
]

ROOT_JOBS = ("OBJECTS", "SCENE", "AND", "Sur face")
CHILD_JOBS = ("SIZE", "KIND", "NOT")
CATEGORIES = ("A", "AB", "count", "R\u00e9d 4", "OR")

_JOBS = ROOT_JOBS + CHILD_JOBS
_METADATA = ("ROTATION_JOB", "ANNOTATION_JOB_COUNTER", "ANNOTATION_NAMES_JOB")

# What trees name, and what labels hold: some often, so that what is drawn apart meets.
_JOB_NAMES = (*("OBJECTS",) * 12, *("SIZE",) * 4, *_JOBS, "RETIRED", "ROTATION_JOB", "0")
_CATEGORY_NAMES = (*("A",) * 10, *CATEGORIES)
_HELD_JOBS = (*("OBJECTS",) * 5, *("SIZE",) * 4, *_JOBS, "RETIRED", "0", *_METADATA)
_HELD_CATEGORIES = (*("A",) * 5, *CATEGORIES)

# Trees

_OPERATORS = tuple(CompareOp)
_BOUNDS = (0, 1, 2, 3, 4, 5, -1, MAX_COUNT, MAX_COUNT + 1, MAX_COUNT - 1)
"""Bounds that small labels come near to, and those at the end of the range."""
_NUMBERS = (0, 1, 2, 3, 4, 5, -1, Decimal("0.5"), Decimal("2.5"), Decimal(10) ** 30)
_FRACTIONS = (Decimal("0.5"), Decimal("1.5"), Decimal("2.25"))

_STARS = tuple(map(NamePattern, [("", ""), ("A", ""), ("", "B"), ("S", ""), ("O", "S"), ("", "C", "")]))
_OTHERS = (Counter("OBJECTS", "A"), Counter("SCENE", "AB"))

Of: TypeAlias = Callable[[], Term]
"""Makes what is counted."""


@cache
def core_trees(*, depth: int = 2) -> st.SearchStrategy[Predicate]:
    """Trees without sugar: comparisons, sums, AND, OR and constants. Brackets stand in brackets to a depth."""
    return TAPES.map(lambda tape: _Trees(tape).core(depth))


@cache
def trees(*, depth: int = 1) -> st.SearchStrategy[Predicate]:
    """Trees as written, with every kind of sugar. Brackets stand in brackets to a depth."""
    return TAPES.map(lambda tape: _Trees(tape).sugared(depth))


class _Trees:
    """Makes trees of the choices on a tape."""

    def __init__(self, tape: Tape) -> None:
        self.tape = tape

    def core(self, depth: int) -> Predicate:
        of = partial(self.term, self.core, depth)
        leaves = (self.comparison, self.comparison, self.linear, self.constant)
        return self.connected(lambda: self.tape.pick(leaves)(of), (None, And, Or))

    def sugared(self, depth: int) -> Predicate:
        of = partial(self.term, self.sugared, depth)
        leaves = (self.exists, self.comparison, self.relation, self.relation, self.membership, self.constant)
        return self.connected(lambda: self.tape.pick(leaves)(of), (None, Not, And, Or))

    def about_children(self) -> Predicate:
        """A query about the children of objects."""
        leaf = partial(self.small_leaf, self.with_children)
        return self.perhaps_joined(leaf, lambda: leaf() if self.tape.is_often() else self.small_comparison(self.name))

    def with_children(self) -> Filtered:
        """An object and a condition on its children."""
        leaf = partial(self.small_leaf, self.name)
        return Filtered(self.name(), self.perhaps_joined(leaf, leaf))

    def perhaps_joined(self, leaf: Callable[[], Predicate], operand: Callable[[], Predicate]) -> Predicate:
        match self.tape.pick((None, None, None, None, None, Not, And, Or)):
            case None:
                return leaf()
            case joint:
                return self.joined(joint, 1 if joint is Not else self.tape.number(2, 3), operand)

    def small_leaf(self, of: Of) -> Predicate:
        leaves = (self.exists, self.exists, self.small_comparison, self.relation, self.relation, self.membership)
        return self.tape.pick(leaves)(of)

    # Connectives

    def connected(
        self, leaf: Callable[[], Predicate], joints: Sequence[Any], most: int = 4, depth: int = 3
    ) -> Predicate:
        """One leaf, or more up to a number, joined in any way to a depth."""
        joint = self.tape.pick(joints)
        if joint is None or not depth or (most == 1 and joint is not Not):
            return leaf()
        number = 1 if joint is Not else self.tape.number(2, min(most, 3))
        shares = []
        left = most - number
        for _ in range(number - 1):
            shares.append(self.tape.number(0, left))
            left -= shares[-1]
        more = iter((*shares, left))
        return self.joined(joint, number, lambda: self.connected(leaf, joints, 1 + next(more), depth - 1))

    def joined(self, joint: Any, number: int, operand: Callable[[], Predicate]) -> Predicate:
        operands = tuple(operand() for _ in range(number))
        tree: Predicate = Not(*operands) if joint is Not else joint(operands)
        return tree

    # Leaves

    def exists(self, of: Of) -> Predicate:
        return Exists(of())

    def comparison(self, of: Of) -> Predicate:
        return comparison(of(), self.tape.pick(_OPERATORS), self.tape.pick(_BOUNDS))

    def small_comparison(self, of: Of) -> Predicate:
        return Comparison(of(), self.tape.pick(_OPERATORS), self.tape.number(0, 2))

    def constant(self, of: Of) -> Predicate:
        return Constant(self.tape.is_so())

    def linear(self, of: Of) -> Predicate:
        number = self.tape.number(2, 3)
        found = dict.fromkeys([*(of() for _ in range(number)), *_OTHERS])
        addends = tuple(Addend(self.tape.pick((1, 1, -1, 2)), one) for one in list(found)[:number])
        return Linear(addends, self.tape.pick(_OPERATORS), self.tape.pick((0, 1, 2, 3, 4, 5, 6, -1, -2)))

    def relation(self, of: Of) -> Predicate:
        first = self.sum(of) if self.tape.is_so() else self.side(of)
        rest = [self.side(of) for _ in range(self.tape.number(1, 2))]
        return Relation((first, *rest), tuple(self.tape.pick(tuple(RelationOp)) for _ in rest))

    def side(self, of: Of) -> Sum:
        """A counter or a number."""
        return Sum((Summand(of() if self.tape.is_often() else self.tape.pick(_NUMBERS)),))

    def membership(self, of: Of) -> Predicate:
        head = self.sum(of) if self.tape.is_so() else Sum((Summand(of()),))
        numbers = (0, 1, 2, 3, 4, -1, *(_FRACTIONS * 2 if _is_fraction(head) else ()))
        ranges = tuple(self.range(numbers) for _ in range(self.tape.number(1, 3)))
        return Membership(head, ranges, negated=self.tape.is_so())

    def sum(self, of: Of) -> Sum:
        return Sum(tuple(self.summand(of) for _ in range(self.tape.number(1, 3))))

    def summand(self, of: Of) -> Summand:
        operand = of() if self.tape.is_often() else self.tape.pick((0, 1, 2, 3, *_FRACTIONS))
        return Summand(operand, negative=self.tape.is_so())

    def range(self, numbers: Sequence[Number]) -> Range:
        least = self.tape.pick(numbers)
        match self.tape.pick(("one", "several", "above")):
            case "one":
                return Range(least, least)
            case "several":
                return Range(least, least + self.tape.number(0, 3))
            case _:
                return Range(least, None)

    # Terms

    def term(self, condition: Callable[[int], Predicate], depth: int) -> Term:
        """A name; if there is depth left, one in four has a condition."""
        if depth and self.tape.number(0, 3) == 3:
            return Filtered(self.name(), condition(depth - 1))
        return self.name()

    def name(self) -> Counter | Pattern:
        """A counter or a sum over names; the job may be a child, retired, or metadata."""
        return self.counter() if self.tape.is_so() else self.pattern()

    def counter(self) -> Counter:
        return Counter(self.tape.pick(_JOB_NAMES), self.tape.pick(_CATEGORY_NAMES))

    def pattern(self) -> Pattern:
        """A pattern with a star in the job or the category at least."""
        plain = self.counter()
        job, category = NamePattern((plain.job,)), NamePattern((plain.category,))
        match self.tape.pick(("both", "category", "job")):
            case "both":
                return Pattern(self.tape.pick(_STARS), self.tape.pick(_STARS))
            case "category":
                return Pattern(job, self.tape.pick(_STARS))
            case _:
                return Pattern(self.tape.pick(_STARS), category)


def _is_fraction(head: Sum) -> bool:
    """Whether the numbers of a sum come to a fraction; otherwise a set is read as one of integers."""
    numbers = [(-1 if one.negative else 1, one.operand) for one in head.summands if isinstance(one.operand, Decimal)]
    return sum(sign * number for sign, number in numbers) % 1 != 0


# Ontologies


@cache
def interfaces() -> st.SearchStrategy[dict[str, Any]]:
    """A ``jsonInterface``: root jobs, and child jobs that hang under their categories."""
    return TAPES.map(_interface)


def _interface(tape: Tape) -> dict[str, Any]:
    others = tape.some(_JOBS, 4) if tape.is_often() else []
    jobs = {name: _job(name, tape) for name in dict.fromkeys(("OBJECTS", "SIZE", *others))}
    for name in [name for name in jobs if jobs[name]["isChild"]]:
        if tape.number(0, 4) == 4:
            continue  # no category lists it, as when its parent was deleted
        for parent in jobs:
            for category in jobs[parent]["content"].get("categories", {}).values():
                if parent != name and tape.is_often() and not _leads_to(jobs, name, parent):
                    tape.pick(_child_lists(category)).append(name)
    return {"jobs": jobs}


def _job(name: str, tape: Tape) -> dict[str, Any]:
    is_child = name in CHILD_JOBS
    usual = "CLASSIFICATION" if is_child else "OBJECT_DETECTION"
    tasks = (usual, usual, usual, "CLASSIFICATION") if name in ("OBJECTS", "SIZE") else (usual, "CLASSIFICATION")
    task = tape.pick((*tasks, *tasks, "TRANSCRIPTION"))
    content: dict[str, Any] = {"input": "textField"}
    if task != "TRANSCRIPTION":
        keys = dict.fromkeys((*("A",) * tape.is_often(), *tape.some(CATEGORIES, 4)))
        categories: dict[str, Any] = {key: {"name": key.title(), "children": []} for key in keys}
        if task == "OBJECT_DETECTION" and tape.is_often():
            for category in categories.values():
                category["points"] = [{"code": code, "name": code, "children": []} for code in ("p", "q")]
        content = {"input": tape.pick(("radio", "checkbox")), "categories": categories}
    return {
        "mlTask": task,
        "required": tape.number(0, 1),
        "isChild": is_child,
        "instruction": f"{name.lower()}?",
        "content": content,
        **({"tools": ["rectangle"]} if task == "OBJECT_DETECTION" else {}),
    }


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
    return named_by(_Trees(draw(TAPES)).about_children(), ontology, draw(_SEEDS))


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

_SEEDS = st.integers(0, 2**32 - 1)


@st.composite
def contents_of(draw: st.DrawFn, ontology: Ontology, *, is_complete: bool = False) -> dict[str, Any]:
    """A label that obeys an ontology; a complete one has all root jobs that are required."""
    return _Obeying(ontology, draw(TAPES)).label(is_complete=is_complete)


class _Obeying:
    """Writes labels that obey an ontology."""

    def __init__(self, ontology: Ontology, tape: Tape) -> None:
        self.ontology = ontology
        self.tape = tape
        self.roots = [name for name, job in ontology.jobs.items() if not job.is_child]

    def label(self, *, is_complete: bool) -> dict[str, Any]:
        if is_complete:
            needed = [name for name in self.roots if self.ontology.jobs[name].is_required]
            names = [name for name in self.roots if name in needed or self.tape.is_often()]
            return {name: self.payload(name, least=int(name in needed)) for name in names}
        if not self.ontology.is_video:
            return self.jobs(self.roots)
        return {str(frame): self.jobs(self.roots) for frame in range(self.tape.number(0, 3))}

    def jobs(self, names: Iterable[str]) -> dict[str, Any]:
        return {name: self.payload(name) for name in names if self.tape.is_often()}

    def payload(self, name: str, least: int = 0) -> dict[str, Any]:
        job = self.ontology.jobs[name]
        flag = {"isKeyFrame": self.tape.is_so()} if self.ontology.is_video else {}
        if not job.has_categories:
            return {"text": "free", **flag}
        if job.is_classification:
            most = 1 if job.is_single_choice else len(job.categories)
            keys = self.tape.some(list(job.categories), most)
            return {"categories": [{"name": key, "children": self.children(name, key)} for key in keys], **flag}
        numbers = range(self.tape.number(least, 4))
        return {"annotations": [{"mid": f"{name}-{number}", **self.object(name), **flag} for number in numbers]}

    def object(self, name: str) -> dict[str, Any]:
        categories = self.ontology.jobs[name].categories
        key = self.tape.pick(list(categories))
        points = [{"code": point.code, "children": self.jobs(point.children)} for point in categories[key].points]
        posed = {"points": points} if points else {}
        return {"categories": [{"name": key}], "children": self.children(name, key), **posed}

    def children(self, name: str, category: str) -> dict[str, Any]:
        """The child jobs of a category that stand in the object itself, and not in one of its points alone."""
        found = self.ontology.jobs[name].categories[category]
        in_points = {child for point in found.points for child in point.children}
        return self.jobs(child for child in found.children if child not in in_points)


def broken_contents_of(ontology: Ontology) -> st.SearchStrategy[dict[str, Any]]:
    """A label that obeyed another ontology: some of its categories and child jobs have other names of this one."""
    return st.builds(
        lambda content, seed: _Breaker(ontology, Random(seed)).jobs(content, is_root=True),
        contents_of(ontology),
        _SEEDS,
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


class _Writer:
    """Writes labels that obey no ontology: any job anywhere, `null` and empty parts, shared mids.

    What hypothesis would draw part by part is mostly empty, and slow; so it draws a seed and how rich the label is.
    """

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.share = self.random.random

    def is_so(self, chance: float) -> bool:
        return self.share() < chance

    def pick(self, values: Sequence[Any]) -> Any:
        return values[int(self.share() * len(values))]  # `choice` takes three times as long

    def jobs(self, richness: int, depth: int) -> dict[str, Any]:
        return {self.pick(_HELD_JOBS): self.payload(richness, depth) for _ in range(richness)}

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
        return [write(richness, depth) for _ in range(1 + int(self.share() * (richness + 1)))]

    def category(self, richness: int, depth: int) -> dict[str, Any]:
        category: dict[str, Any] = {"name": self.pick(_HELD_CATEGORIES)}
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


_RICHNESS = st.sampled_from([3, 2, 1, 3, 2, 1, 3, 2, 1, 4])


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
