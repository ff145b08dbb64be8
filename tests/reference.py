"""The judge of all engines: slow, obvious, and written apart from them.

It judges a tree as written, sugar included, by the definition in section 4 of the language, and shares with the package
only nodes, errors and the facts of an ontology. It reads in the order that the definition gives, and stops where
a verdict is certain, so that it meets the faults of a malformed label as an engine must.
"""

import operator
from collections.abc import Callable, Hashable, Iterator, Sequence
from fractions import Fraction
from functools import cache
from math import ceil
from typing import Any

from kili_query.ast import (
    MAX_COUNT,
    And,
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
    Sum,
    Term,
)
from kili_query.counting import DEFAULT_POLICY, CountPolicy
from kili_query.errors import MalformedLabelError, UnknownContentError
from kili_query.ontology import Ontology

METADATA = ("ROTATION_JOB", "ANNOTATION_JOB_COUNTER", "ANNOTATION_NAMES_JOB")
DEEPEST = 200
COMPARE = {
    "==": operator.eq,
    "!=": operator.ne,
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}


def matches(
    tree: Predicate,
    content: object,
    *,
    ontology: Ontology | None = None,
    policy: CountPolicy = DEFAULT_POLICY,
    binds: bool = False,
) -> bool:
    """Whether a label matches.

    Args:
        tree: as written.
        content: of the label.
        ontology: says which jobs count at the root alone, and whether the label is a video's.
        policy: what is counted in a video.
        binds: whether the names are those of the ontology, and a pattern matches the pairs that it has and no other.
    """
    reader = Reader(ontology, policy, binds=binds)
    places = reader.root_places(content)  # the root is looked at whatever the tree says
    certain = verdict_without_label(tree)
    if certain is not None:
        count(content, ontology=ontology, policy=policy)  # so that a malformed label is no match of TRUE
        return certain
    return holds(tree, lambda term: reader.tokens(term, places))


def is_well_formed(label: object, ontology: Ontology | None = None) -> bool:
    """Whether all of a label can be read, in whatever order; a video may hold a frame twice where an image does not."""
    try:
        count(label, ontology=ontology)
    except MalformedLabelError:
        return False
    return True


def count(
    content: object, *, ontology: Ontology | None = None, policy: CountPolicy = DEFAULT_POLICY
) -> dict[tuple[str, str], int]:
    """All counts that are not 0."""
    reader = Reader(ontology, policy)
    anything = NamePattern(("", ""))
    counted: dict[tuple[str, str], set[Hashable]] = {}
    for found in reader.search(reader.root_places(content), Pattern(anything, anything)):
        for token in reader.token(found):
            counted.setdefault((found["job"], found["category"]), set()).add(token)
    return {names: len(tokens) for names, tokens in counted.items()}


# -- the tree ----------------------------------------------------------------------------------------------------------

Tokens = Callable[[Term], Iterator[Hashable]]


class NeedsLabelError(Exception):
    """A condition cannot be judged without a label."""


@cache  # the same few trees are asked of many labels
def verdict_without_label(tree: Predicate) -> bool | None:
    """The verdict on every label; None where conditions, each for itself, leave it open."""

    def refuse(term: Term) -> Iterator[Hashable]:
        raise NeedsLabelError(term)

    match tree:
        case Not(operand):
            verdict = verdict_without_label(operand)
            return None if verdict is None else not verdict
        case And(operands) | Or(operands):
            settling = isinstance(tree, Or)
            verdicts = [verdict_without_label(operand) for operand in operands]
            return settling if settling in verdicts else None if None in verdicts else not settling
        case Relation(sums, ops) if len(ops) > 1:
            links = zip(sums, ops, sums[1:], strict=False)
            return verdict_without_label(And(tuple(Relation((left, right), (op,)) for left, op, right in links)))
        case condition:
            try:
                return holds(condition, refuse)
            except NeedsLabelError:
                return None


def holds(tree: Predicate, tokens: Tokens) -> bool:
    match tree:
        case Constant(value):
            return value
        case Not(operand):
            return not holds(operand, tokens)
        case And(operands):
            return all(holds(operand, tokens) for operand in operands)
        case Or(operands):
            return any(holds(operand, tokens) for operand in operands)
        case Comparison(term, op, bound):
            compare = COMPARE[op.value]
            return decide({term: 1}, 0, lambda value: compare(value, bound), [bound], tokens)
        case Exists(term):
            return decide({term: 1}, 0, lambda value: value > 0, [0], tokens)
        case Linear(addends, op, bound):
            total = sum(addend.coefficient * len(set(tokens(addend.counter))) for addend in addends)
            return COMPARE[op.value](total, bound)
        case Relation(sums, ops):
            steps = zip(sums, ops, sums[1:], strict=False)
            return all(relate(left, COMPARE[op.value], right, tokens) for left, op, right in steps)
        case Membership(one, ranges, negated):
            weights, constant = weigh(one, 1)
            edges = [edge for item in ranges for edge in (item.low, item.high) if edge is not None]
            if is_fraction(weights, constant) and not any(holds_some(item, constant) for item in ranges):
                return negated  # no range holds anything that the sum ever comes to
            return decide(weights, constant, lambda value: is_in(value, ranges) is not negated, edges, tokens)
    raise AssertionError(tree)


def holds_some(item: Range, constant: Fraction | int) -> bool:
    """Whether a range holds a number that is an integer more than a fraction."""
    return item.high is None or ceil(Fraction(item.low) - constant) + constant <= item.high


def is_in(value: Fraction | int, ranges: tuple[Range, ...]) -> bool:
    return any(item.low <= value and (item.high is None or value <= item.high) for item in ranges)


def relate(left: Sum, compare: Callable[[object, object], bool], right: Sum, tokens: Tokens) -> bool:
    weights, constant = weigh(left, 1)
    taken, taken_constant = weigh(right, -1)
    for term, weight in taken.items():
        weights[term] = weights.get(term, 0) + weight
    if compare in (COMPARE["=="], COMPARE["!="]) and is_fraction(weights, constant + taken_constant):
        return compare is COMPARE["!="]
    return decide(weights, constant + taken_constant, lambda value: compare(value, 0), [0], tokens)


def is_fraction(weights: dict[Term, int], constant: Fraction | int) -> bool:
    """Whether a sum of several counters never comes to an integer, so that no label needs to be read."""
    return constant.denominator != 1 and sum(1 for weight in weights.values() if weight != 0) > 1


def weigh(one: Sum, sign: int) -> tuple[dict[Term, int], Fraction | int]:
    weights: dict[Term, int] = {}
    constant: Fraction | int = 0
    for summand in one.summands:
        factor = -sign if summand.negative else sign
        if isinstance(summand.operand, Counter | Pattern | Filtered):
            weights[summand.operand] = weights.get(summand.operand, 0) + factor
        else:
            constant += factor * exact(summand.operand)
    return weights, constant


def exact(number: Number) -> Fraction | int:
    """The number as one that can be added to any other; an integer stays one, because fractions are slow."""
    return number if isinstance(number, int) else Fraction(number)


def decide(
    weights: dict[Term, int],
    constant: Fraction | int,
    is_met: Callable[[Fraction | int], bool],
    edges: Sequence[Number],
    tokens: Tokens,
) -> bool:
    """Whether the weighted sum meets a condition that changes only near the edges."""
    weights = {term: weight for term, weight in weights.items() if weight != 0}
    if len(weights) != 1:
        return is_met(sum((weight * len(set(tokens(term))) for term, weight in weights.items()), constant))
    [(term, weight)] = weights.items()
    points = [MAX_COUNT]
    for edge in edges:
        distance = exact(edge) - constant
        points += range(distance // weight - 1, -(-distance // weight) + 2)

    def is_certain(found: int) -> bool:
        possible = [found, *(point for point in points if found <= point <= MAX_COUNT)]
        return len({is_met(weight * number + constant) for number in possible}) == 1

    distinct: set[Hashable] = set()
    if not is_certain(0):
        for token in tokens(term):
            distinct.add(token)
            if is_certain(len(distinct)):
                break
    return is_met(weight * len(distinct) + constant)


# -- the label ---------------------------------------------------------------------------------------------------------

# A place where jobs stand, and an occurrence of something counted; both as plain dicts.
Place = dict[str, Any]
Found = dict[str, Any]


class Reader:
    def __init__(self, ontology: Ontology | None, policy: CountPolicy, *, binds: bool = False) -> None:
        self.policy = policy.video
        self.pairs = set(ontology.pairs()) if binds and ontology is not None else None
        self.ontology = ontology
        jobs = {} if ontology is None else ontology.jobs
        self.at_root_alone = {name for name, job in jobs.items() if not job.is_child}

    # Where jobs stand

    def root_places(self, content: object) -> Callable[[], Iterator[Place]]:
        if content is None:
            raise UnknownContentError("unknown")
        if not isinstance(content, dict):
            raise MalformedLabelError("not an object")
        return lambda: self.read_root(content)

    def read_root(self, content: dict[str, Any]) -> Iterator[Place]:
        def place(jobs: object, frame: str | None, path: str) -> Place:
            return {"jobs": jobs, "chain": (), "frame": frame, "is_key": False, "depth": 0, "path": path}

        if not self.is_video(content):
            yield place(content, None, "")
            return
        seen = set()
        for key in content:
            if is_frame_key(key) and key != "assetLevel" and (key.lstrip("0") or "0") in seen:
                raise MalformedLabelError("a frame twice", key)
            seen.add(key.lstrip("0") or "0")
        yield place({key: value for key, value in content.items() if not is_frame_key(key)}, None, "")
        for key, value in content.items():
            if is_frame_key(key) and value is not None:
                yield place(as_object(value, key), None if key == "assetLevel" else key, key)

    def is_video(self, content: dict[str, Any]) -> bool:
        if self.ontology is not None and self.ontology.input_type is not None:
            return "VIDEO" in self.ontology.input_type
        held = {key: value for key, value in content.items() if key not in METADATA}
        return bool(held) and all(
            is_frame_key(key) and (value is None or isinstance(value, dict)) for key, value in held.items()
        )

    def below(self, place: Place) -> Iterator[Place]:
        for job, payload in self.jobs(place):
            path = join(place["path"], job)
            is_key = key_flag(payload, place["is_key"])
            for name, category, at in categories(payload, path):
                yield from self.children(place, category, (place["chain"], job, "choice", name), is_key, at)
            yield from self.children(place, payload, (place["chain"], job, "payload"), is_key, path)
            for annotation, at in objects(payload, "annotations", path):
                yield from self.below_annotation(place, job, annotation, key_flag(annotation, is_key), at)

    def below_annotation(self, place: Place, job: str, annotation: dict[str, Any], is_key: bool, path: str) -> Any:
        own_id: list[Hashable] = []

        def chain() -> Hashable:  # the id is read only where there are children
            if not own_id:
                own_id.append(object_id(annotation, path))
            return (place["chain"], job, "object", own_id[0])

        if has_children(annotation):
            yield from self.children(place, annotation, chain(), is_key, path)
        for name, category, at in categories(annotation, path):
            if has_children(category):
                yield from self.children(place, category, (chain(), "choice", name), is_key, at)
        for index, (point, at) in enumerate(objects(annotation, "points", path)):
            if has_children(point):
                yield from self.children(place, point, (chain(), "point", point_id(point, index, at)), is_key, at)

    def children(self, place: Place, holder: dict[str, Any], chain: Hashable, is_key: bool, path: str) -> Any:
        if not has_children(holder):
            return
        path = join(path, "children")
        jobs = as_object(holder["children"], path)
        if place["depth"] == DEEPEST:
            raise MalformedLabelError("too deep", path)
        yield {**place, "jobs": jobs, "chain": chain, "is_key": is_key, "depth": place["depth"] + 1, "path": path}

    def jobs(self, place: Place) -> Iterator[tuple[str, dict[str, Any]]]:
        for name in place["jobs"]:
            yield from self.job(place, name)

    def job(self, place: Place, name: str) -> Iterator[tuple[str, dict[str, Any]]]:
        payload = place["jobs"].get(name)
        if payload is not None and name not in METADATA:
            yield name, as_object(payload, join(place["path"], name))

    # What is found there

    def search(self, places: Callable[[], Iterator[Place]], wanted: Counter | Pattern) -> Iterator[Found]:
        for place in places():
            yield from self.search_place(place, wanted)

    def search_place(self, place: Place, wanted: Counter | Pattern) -> Iterator[Found]:
        only = only_job(wanted)
        for job, payload in self.jobs(place) if only is None else self.job(place, only):
            is_elsewhere = place["depth"] > 0 and job in self.at_root_alone
            if is_named(wanted.job, job) and not is_elsewhere:
                yield from self.search_job(place, job, payload, wanted)
        if only not in METADATA and only not in self.at_root_alone:
            for below in self.below(place):
                yield from self.search_place(below, wanted)

    def search_job(self, place: Place, job: str, payload: Any, wanted: Counter | Pattern) -> Iterator[Found]:
        path = join(place["path"], job)
        is_key = key_flag(payload, place["is_key"])
        common = {"job": job, "frame": place["frame"], "place": place}
        for name, category, at in categories(payload, path):
            if self.is_wanted(job, name, wanted):
                chain = (place["chain"], job, "choice", name)
                beside = (payload, (place["chain"], job, "payload"), path)
                holders = [(category, chain, at), beside]
                choice = {"category": name, "identity": chain, "is_key": is_key, "holders": holders}
                yield {**common, **choice, "chain": chain, "points": lambda: iter(())}
        for annotation, at in objects(payload, "annotations", path):
            named = [found for found in categories(annotation, at) if self.is_wanted(job, found[0], wanted)]
            if named:
                chain = (place["chain"], job, "object", object_id(annotation, at))
            for name in dict.fromkeys(name for name, _, _ in named):
                own = [(category, (chain, "choice", name), where) for other, category, where in named if other == name]
                yield {
                    **common,
                    "category": name,
                    "identity": (chain, name),
                    "is_key": key_flag(annotation, is_key),
                    "holders": [(annotation, chain, at), *own],
                    "chain": chain,
                    "points": lambda annotation=annotation, at=at: objects(annotation, "points", at),
                }

    def is_wanted(self, job: str, category: str, wanted: Counter | Pattern) -> bool:
        """Whether a category is one that is wanted of a job; a bound pattern is blind to what the ontology has not."""
        is_known = self.pairs is None or isinstance(wanted, Counter) or (job, category) in self.pairs
        return is_known and is_named(wanted.category, category)

    # What is counted of it

    def token(self, found: Found) -> list[Hashable]:
        """One token, or none; equal tokens count once."""
        if found["frame"] is None or self.policy == "objects":
            return [("object", found["identity"])]
        if self.policy == "frames":
            return [("frame", found["frame"], found["job"], found["category"])]
        return [("key frame", found["frame"], found["identity"])] if found["is_key"] else []

    def tokens(self, term: Term, places: Callable[[], Iterator[Place]]) -> Iterator[Hashable]:
        if not isinstance(term, Filtered):
            for found in self.search(places, term):
                yield from self.token(found)
            return
        parts: dict[Hashable, list[Found]] = {}
        for found in self.search(places, term.counter):
            frame = None if self.policy == "objects" else found["frame"]
            parts.setdefault((frame, found["identity"]), []).append(found)
        for of_one in parts.values():
            tokens = [token for part in of_one for token in self.token(part)]
            if tokens and holds(term.condition, lambda inner, own=of_one: self.tokens(inner, self.inside(own))):
                yield tokens[0]

    def inside(self, parts: list[Found]) -> Callable[[], Iterator[Place]]:
        def places() -> Iterator[Place]:
            for part in parts:
                inside = {**part["place"], "frame": None}
                for holder, chain, path in part["holders"]:
                    yield from self.children(inside, holder, chain, False, path)
                for index, (point, path) in enumerate(part["points"]()):
                    if has_children(point):
                        chain = (part["chain"], "point", point_id(point, index, path))
                        yield from self.children(inside, point, chain, False, path)

        return places


def is_frame_key(key: str) -> bool:
    return key == "assetLevel" or (key != "" and all(char in "0123456789" for char in key))


def only_job(wanted: Counter | Pattern) -> str | None:
    """The one job that is looked for; None for a pattern that may match several."""
    if isinstance(wanted, Counter):
        return wanted.job
    return wanted.job.pieces[0] if len(wanted.job.pieces) == 1 else None


def is_named(wanted: str | NamePattern, name: str) -> bool:
    """By trying every way in which the pieces of a pattern can lie in the name."""
    if isinstance(wanted, str):
        return wanted == name
    first, *rest = wanted.pieces
    if not rest:
        return name == first
    ends = {len(first)} if name.startswith(first) else set()
    for piece in rest[:-1]:
        ends = {at + len(piece) for end in ends for at in range(end, len(name) + 1) if name.startswith(piece, at)}
    return any(name.endswith(rest[-1]) and len(name) - len(rest[-1]) >= end for end in ends)


def has_children(holder: dict[str, Any]) -> bool:
    children = holder.get("children")
    return children is not None and children != {}


def key_flag(holder: dict[str, Any], inherited: bool) -> bool:
    flag = holder.get("isKeyFrame")
    return inherited if flag is None else flag is True


def read_mid(holder: dict[str, Any], path: str) -> str | int | float | None:
    mid = holder.get("mid")
    if mid is None or type(mid) in (str, int, float):
        return mid
    raise MalformedLabelError("mid", join(path, "mid"))


def point_id(point: dict[str, Any], index: int, path: str) -> Hashable:
    mid, code = read_mid(point, path), point.get("code")
    return ("mid", mid) if mid is not None else ("code", code) if isinstance(code, str) else ("index", index)


def object_id(annotation: dict[str, Any], path: str) -> Hashable:
    mid = read_mid(annotation, path)
    return ("no mid", path) if mid is None else ("mid", mid)


def categories(holder: dict[str, Any], path: str) -> Iterator[tuple[str, dict[str, Any], str]]:
    for category, at in objects(holder, "categories", path):
        if not isinstance(category.get("name"), str):
            raise MalformedLabelError("name", join(at, "name"))
        yield category["name"], category, at


def objects(holder: dict[str, Any], key: str, path: str) -> Iterator[tuple[dict[str, Any], str]]:
    listed = holder.get(key)
    if listed is None:
        return
    if not isinstance(listed, list):
        raise MalformedLabelError("list", join(path, key))
    for index, entry in enumerate(listed):
        at = f"{join(path, key)}[{index}]"
        yield as_object(entry, at), at


def as_object(value: object, path: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise MalformedLabelError("object", path)
    return value


def join(path: str, step: str) -> str:
    return f"{path}.{step}" if path else step
