"""Reproducible parts of labels, such as ``train`` and ``val``, in which wanted shares of the assets match queries.

Parts are of assets, so that no image is in two of them. The same assets, shares and seed give the same parts, in
whatever order the labels come; an asset more or less moves few others.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from hashlib import blake2b
from itertools import accumulate, chain, pairwise
from math import floor
from typing import NamedTuple, TypeAlias

from attrs import frozen

from kili_query.counting import DEFAULT_POLICY, CountPolicy
from kili_query.errors import ArgumentError
from kili_query.ontology import Ontology, OntologySource
from kili_query.query import Query, validate
from kili_query.scanning import LabelSource, Report, judge_labels
from kili_query.scanning.asset_ids import AssetIds
from kili_query.scanning.sources import own_ontology, with_datasets

Shares: TypeAlias = Mapping[str, float]

_TOLERANCE = 1e-9


@frozen
class Subset:
    """Some of the assets.

    Attributes:
        name: as it was asked for.
        assets: their names: the id of the asset if a label has it, otherwise its external id, otherwise the id of the
            label. A label with none of these is an asset of its own, named by a hash of its content.
        matching: for each query the number of assets that match it, and no query before it.
    """

    name: str
    assets: frozenset[str]
    matching: Mapping[str, int]

    def __contains__(self, label: object) -> bool:
        """Whether a label belongs to one of these assets."""
        return isinstance(label, Mapping) and asset_of(label) in self.assets


class Divided(NamedTuple):
    """The parts of some labels.

    Attributes:
        parts: in the order in which they were asked for.
        report: which labels could not be judged.
    """

    parts: list[Subset]
    report: Report


def split(
    source: LabelSource,
    into: Shares,
    *,
    by: Iterable[str | Query] | Mapping[str, float] | Mapping[Query, float] = (),
    size: int | None = None,
    seed: int = 0,
    ontology: OntologySource | None = None,
    policy: CountPolicy = DEFAULT_POLICY,
    at: str = "jsonResponse",
    dataset_ontology: bool = True,
) -> Divided:
    """Divide the assets of labels into parts.

    Args:
        source: labels, as `kili_query.scanning` reads them, except a stream: they may be needed a second time.
        into: the parts and their shares of the assets, above 0 and at most 1 together.
        by: queries that each part shall hold in the same share as the whole; or queries with the share that each part
            shall hold: as many assets are taken as allow these shares, and the rest match no query. An asset counts
            for the first query that one of its labels matches.
        size: how many assets to take in all; by default as many as possible.
        seed: another number gives other parts.
        ontology: the project's, or the path of its file; by default that of a dataset.
        policy: what one object is.
        at: the field of a label that holds its content.
        dataset_ontology: False does not use the ontology of a dataset, so that names are not checked unless an
            ``ontology`` is given.

    Returns:
        The parts, in order, and a report. An asset none of whose labels could be judged is in no part.

    Raises:
        ArgumentError: shares or the size are impossible; the message says what there is.
        QueryError: a query is wrong.
        SourceError: labels cannot be read, or several datasets use the same ids for different assets.

    >>> labels = [{"id": n, "jsonResponse": {"SKY": {"categories": [{"name": "BLUE"}]} if n < 4 else {}}}
    ...           for n in range(12)]
    >>> [(part.name, len(part.assets), part.matching) for part in split(
    ...     labels, {"train": 0.75, "val": 0.25}, by={"SKY.BLUE": 0.5}).parts]
    [('train', 6, {'SKY.BLUE': 3}), ('val', 2, {'SKY.BLUE': 1})]
    """
    _check_shares("into", into, least=True)
    shares = dict(by) if isinstance(by, Mapping) else None
    queries = list(by)
    if shares is not None:
        _check_shares("by", {str(query): share for query, share in shares.items()}, least=False)
    if size is not None and size < 1:
        raise ArgumentError(f"`size` must be 1 or more, not {size}")
    source = with_datasets(source)
    own = own_ontology(source) if dataset_ontology and ontology is None else None
    known = own if ontology is None else Ontology.of(ontology)
    matchers = [validate(query, known, policy=policy).compile(ontology=known, policy=policy) for query in queries]

    def first_match(content: object) -> int:
        return next((number for number, matches in enumerate(matchers) if matches(content)), len(matchers))

    found: dict[str, int] = {}
    judged = judge_labels(source, first_match, at=at)
    ids = AssetIds.of(source)
    for label, stratum in judged:
        ids.check(label)
        name = asset_of(label)
        found[name] = min(stratum, found.get(name, stratum))
    strata: list[list[str]] = [[] for _ in range(len(matchers) + 1)]
    for name in sorted(found, key=partial(_order, seed=seed)):
        strata[found[name]].append(name)
    names = [str(query) for query in queries]
    taken = _taken(strata, None if shares is None else [*shares.values()], size, names)
    chosen = [assets[:number] for assets, number in zip(strata, taken, strict=True)]
    return Divided(list(_parts(into, chosen, names)), judged.report)


def asset_of(label: Mapping[str, object]) -> str:
    """Return what names the asset of a label: an id, or a hash of the label if nothing has one."""
    owner = label.get("labelOf")
    places = (owner, "id"), (label, "assetId"), (owner, "externalId"), (label, "externalId"), (label, "id")
    told = (place.get(key) for place, key in places if isinstance(place, Mapping))
    found = next((name for name in told if name is not None and name != ""), None)
    return f"label {_hash_of(label)}" if found is None else str(found)


def _hash_of(label: Mapping[str, object]) -> str:
    text = json.dumps(label, sort_keys=True, default=str)
    return blake2b(text.encode(), digest_size=16).hexdigest()


def _order(name: str, seed: int) -> bytes:
    return blake2b(name.encode("utf-8", "backslashreplace"), key=str(seed).encode()).digest()


def _check_shares(name: str, shares: Shares, *, least: bool) -> None:
    for key, share in shares.items():
        if not 0 <= share <= 1 or (least and not share):
            raise ArgumentError(
                f"`{name}`: the share of `{key}` must be {'above 0' if least else '0'} to 1, not {share!r}"
            )
    if least and not shares:
        raise ArgumentError(f'`{name}` must name a part, such as {{"train": 0.8, "val": 0.2}}')
    if sum(shares.values()) > 1 + _TOLERANCE:
        raise ArgumentError(f"`{name}`: the shares are {sum(shares.values()):g} together, and must be at most 1")


def _taken(
    strata: Sequence[Sequence[str]], shares: Sequence[float] | None, size: int | None, names: Sequence[str]
) -> list[int]:
    """Return how many assets to take of each stratum."""
    held = [len(one) for one in strata]
    total = sum(held)
    own = [one / total if total else 0.0 for one in held]
    wanted = own if shares is None else [*shares, 1 - sum(shares)]
    limits = [one / share for one, share in zip(held, wanted, strict=False) if share > _TOLERANCE]
    most = int(min(limits, default=0) + _TOLERANCE)
    if size is not None and size > most:
        told = ", ".join(f"{one} match `{name}`" for one, name in zip(held, names, strict=False))
        raise ArgumentError(
            f"`size` can be {most} at most, not {size}: of {total} assets, "
            f"{told + ' and ' if told else ''}{held[-1]} match {'no query' if names else 'what is asked'}"
        )
    number = most if size is None else size
    return _rounded([share * number for share in wanted], number)


def _rounded(numbers: Sequence[float], total: int) -> list[int]:
    """Return whole numbers with this sum, none below 0, near to the given ones: the largest fractions are rounded up.

    >>> _rounded([1.5, 0.25, 2.25], 4), _rounded([-0.9, -0.9, 2.8], 1)
    ([2, 0, 2], [0, 0, 1])
    """
    whole = [max(0, floor(one + _TOLERANCE)) for one in numbers]
    while (missing := total - sum(whole)) != 0:
        step = 1 if missing > 0 else -1
        order = sorted(range(len(numbers)), key=lambda index: step * (whole[index] - numbers[index]))
        for index in [index for index in order if step > 0 or whole[index]][: abs(missing)]:
            whole[index] += step
    return whole


def _parts(into: Shares, strata: Sequence[Sequence[str]], names: Sequence[str]) -> Iterator[Subset]:
    """Divide each stratum by the shares of the parts; what is left of all shares stays out."""
    shares = [*into.values(), max(0.0, 1 - sum(into.values()))]
    left = [0.0] * len(shares)  # what rounding took from each part in the strata before
    chosen: list[list[Sequence[str]]] = []
    for one in strata:
        exact = [share * len(one) + more for share, more in zip(shares, left, strict=True)]
        numbers = _rounded(exact, len(one))
        left = [number - taken for number, taken in zip(exact, numbers, strict=True)]
        ends = [0, *accumulate(numbers)]
        chosen.append([one[start:end] for start, end in pairwise(ends)])
    for name, *parts in zip(into, *chosen, strict=False):
        yield Subset(name, frozenset(chain.from_iterable(parts)), dict(zip(names, map(len, parts), strict=False)))
