"""Run an audit: read a sample, ask the server about it, and compare."""

from collections.abc import Collection, Iterable, Iterator, Sequence

from kili_query.audit.judging import judge, judge_conversations
from kili_query.audit.probes import MAX_PROBES, Asker, Observed, Probe, choose_pairs, observe
from kili_query.audit.report import AuditReport, Disagreement, Finding, Trait, TraitResult
from kili_query.audit.sample import Pair, Sample, read_again, read_sample
from kili_query.audit.workflow import judge_workflow
from kili_query.client import KiliClient
from kili_query.errors import ArgumentError, GraphQLError
from kili_query.ontology import Ontology
from kili_query.targets.base import is_core_name

DEFAULT_SAMPLE = 200
_DECIMALS = ((">= 1.5", Probe(">", 1)), ("< 1.5", Probe("<=", 1)), ("== 1.5", None))
"""Comparisons with a decimal, each with the probe that must have the same answer; None if it must find nothing."""
MAX_SEARCHES = MAX_PROBES + len(_DECIMALS)
"""Maximum number of searches in one audit."""


def audit(client: KiliClient, project_id: str, *, sample: int = DEFAULT_SAMPLE) -> AuditReport:
    """Compare a server's category searches with local counts, and its filters by steps with the fields of assets.

    Nothing is written to the server. Reading the sample takes one request for 20 labels. At most `MAX_SEARCHES`
    searches and 3 other requests follow, and in a workflow with steps up to 80 short lists. Labels and assets that
    differ are read again before they are reported.

    Args:
        client: a client of the server; its profile has no effect.
        project_id: a project whose labels cover much: child jobs, several objects of a category, videos.
        sample: maximum number of labels to read, evenly spread over the project.

    Returns:
        The findings, with the measured ``profile`` of the server.

    Raises:
        ArgumentError: an argument cannot be used; nothing was sent.
        NotFound: the project does not exist, or this user cannot see it.
        ServiceError: a request failed.
        LabelError: a content cannot be read, and the client does not skip such labels.

    Note:
        The audit can only find errors on the labels that it reads: a larger sample finds more.
    """
    _check_sample(sample)
    ontology = Ontology.from_json_interface(client.project(project_id, fields=("jsonInterface", "inputType")))
    read = read_sample(client, project_id, ontology, sample)
    asker = Asker(client.service, project_id)
    root, child = (
        [seen for pair in choose_pairs(pairs, read.labels) for seen in observe(asker, pair, read.labels)]
        for pairs in (_pairs(ontology, are_child=False), _pairs(ontology, are_child=True))
    )
    changed = _changed(client, project_id, ontology, read, [seen.label_id for seen in (*root, *child) if seen.wrong])
    root, child = ([seen for seen in all_seen if seen.label_id not in changed] for all_seen in (root, child))
    findings = (
        *judge(root, child, ontology),
        _decimals(asker, root),
        *([judge_conversations([*root, *child])] if ontology.is_conversation else []),
        *judge_workflow(client, project_id, [label.id for label in read.labels]),
    )
    return AuditReport(
        project_id=project_id,
        sampled=read.size,
        unknown_ids=read.unknown_ids,
        changed_ids=changed,
        searches=asker.searches,
        findings=findings,
    )


def _check_sample(sample: object) -> None:
    if not isinstance(sample, int) or isinstance(sample, bool) or sample < 1:
        raise ArgumentError(f"`sample` must be a number of labels, 1 or more, not {sample!r:.80}")


def _pairs(ontology: Ontology, *, are_child: bool) -> list[Pair]:
    """Return the pairs of root jobs, or of child jobs, that the search language can name."""
    return [
        pair
        for pair in ontology.pairs()
        if ontology.jobs[pair[0]].is_child == are_child and all(map(is_core_name, pair))
    ]


def _changed(
    client: KiliClient, project_id: str, ontology: Ontology, read: Sample, ids: Iterable[str]
) -> tuple[str, ...]:
    """Return the ids of labels that have changed, because the server may have answered for their new content."""
    asked = list(dict.fromkeys(ids))
    before = {label.id: label for label in read.labels}
    now = {label.id: label for label in read_again(client, project_id, ontology, asked).labels}
    return tuple(label_id for label_id in asked if now.get(label_id) != before[label_id])


def _decimals(asker: Asker, root: Sequence[Observed]) -> Finding:
    """Check that searches with decimals find what the equivalent searches with integers find on this server."""
    trait = Trait.READS_DECIMALS
    pair = next((seen.pair for seen in root if seen.range == (1, 1)), None)
    if pair is None:
        return Finding(trait, TraitResult.NOT_TESTED, "no label of the sample shows it, such as one with one object")
    observed = {seen.label_id: seen for seen in root if seen.pair == pair}
    wrong: list[Disagreement] = []
    for written, same in _DECIMALS:
        search = f"{pair[0]}.{pair[1]}.count {written}"
        try:
            found = asker.find(search, list(observed))
        except GraphQLError as error:
            return Finding(trait, TraitResult.DISAGREES, f"the server refuses `{search}`: {error.message}")
        wrong += _otherwise(search, found, same, observed.values())
    return Finding(trait, TraitResult.DISAGREES if wrong else TraitResult.AGREES, disagreements=tuple(wrong))


def _otherwise(
    search: str, found: Collection[str], same: Probe | None, observed: Iterable[Observed]
) -> Iterator[Disagreement]:
    labels: dict[bool, dict[str, int]] = {True: {}, False: {}}
    for seen in observed:
        is_found = seen.label_id in found
        if is_found != (same is not None and seen.answers[same]):
            labels[is_found][seen.label_id] = seen.count
    return (Disagreement(search, is_found, wrong) for is_found, wrong in labels.items() if wrong)
