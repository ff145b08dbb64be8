"""Every kind of fault in every request of every writing method: the error tells what the server then holds."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import count, product
from pathlib import Path
from typing import Any

import pytest
from attrs import define, field, frozen

from kili_query.client import KiliClient
from kili_query.client.writing import append
from kili_query.errors import GraphQLError, MutationOutcomeUnknown, ServiceError, TransportError
from kili_query.sandbox import Sandbox
from tests.client.fake_clock import FakeTime
from tests.client.plain_box import PROJECT, ask, client_of, plain_box, small_pages
from tests.each import for_each

MUTATIONS = {"appendManyLabels", "appendToLabels", "createHoneypot", "updatePropertiesInLabel", "deleteLabels"}
PASSING = ("delay", "429")
"""Faults that no caller notices when they hit once: a mutation that was turned away is sent again."""
PASSING_FOR_QUERIES = (*PASSING, "502", "503", "504", "504-after", "drop-before", "drop-after", "truncate", "html")
REFUSALS = ("error", "error-bare")
COMMITTING = ("504-after", "drop-after", "truncate")
ALIKE = (
    ("delay",),
    ("429",),
    ("500",),
    ("502", "503", "504", "drop-before"),
    COMMITTING,
    ("html",),
    REFUSALS,
    ("null-data", "null-field"),
    ("wrong-type",),
)
"""The faults in groups that the transport makes the same of, whose tests try each with queries and mutations."""
FAULTS = tuple(fault for group in ALIKE for fault in group)
WRITTEN = {"delay": "delay=5ms"}
LASTING = {"delay": "delay=2ms*", "429": "429=30s*"}

ASSETS = 500
"""So many that each gets a handful of labels in all."""
CONTENT = {"WHAT": {"categories": [{"name": "CAR"}]}}
ANSWER = Path(__file__).parents[1] / "data" / "answer.geojson"
"""The same as a file."""

_LABELS = "query ($where: LabelWhere!) { data: labels(where: $where, first: 100, skip: 0) { id secondsToLabel } }"
_APPEND = (
    "mutation ($data: AppendManyLabelsData!, $where: AssetWhere!)"
    " { data: appendManyLabels(data: $data, where: $where) { id } }"
)
_tags = count(1000, 10)


@define
class Case:
    """A call of inputs that can be told apart on the server, by the seconds that labels took."""

    box: Sandbox
    client: KiliClient
    number: int = 1
    tag: int = field(factory=lambda: next(_tags))

    @property
    def inputs(self) -> list[object]:
        """What the error of the call names its inputs by."""
        return list(range(self.number))

    @property
    def assets(self) -> list[str]:
        return [f"asset-{(self.tag + index) % ASSETS:02}" for index in range(self.number)]

    @property
    def external_ids(self) -> list[str]:
        return [name.replace("asset", "file") for name in self.assets]

    @property
    def seconds(self) -> list[int]:
        return [self.tag + index for index in range(self.number)]

    def prepare(self) -> None:
        """What is there before."""

    def call(self) -> object:
        """What is done; each way of writing says."""
        raise NotImplementedError  # abstract

    def done(self) -> dict[object, list[str]]:
        """The ids of the labels that each input has become."""
        where = {"project": {"id": PROJECT}, "asset": {"idIn": self.assets}}
        found = ask(self.box, _LABELS, {"where": where})
        made = {tag: [one["id"] for one in found if one["secondsToLabel"] == tag] for tag in self.seconds}
        return {index: made[tag] for index, tag in enumerate(self.seconds)}

    def check_result(self, result: Any) -> None:
        assert [[one["id"]] for one in result] == list(self.done().values())

    def ids_of(self, created: tuple[Any, ...]) -> list[str]:
        return [one["id"] for one in created]


Method = Callable[[Sandbox, KiliClient], Case]


class Append(Case):
    def call(self) -> object:
        return self.client.append_labels(self.assets, [CONTENT] * self.number, seconds_to_label_array=self.seconds)


class AppendInStep(Case):
    """In a step of the project of the first asset, which is looked up."""

    def call(self) -> object:
        return self.client.append_labels(
            self.assets,
            [CONTENT] * self.number,
            seconds_to_label_array=self.seconds,
            step_name="Label",
            group_name="People",
            reviewed_label_id_array=[name.replace("asset", "default") for name in self.assets],
        )


class AppendByExternalId(Case):
    def call(self) -> object:
        return self.client.append_labels(
            json_response_array=[CONTENT] * self.number,
            asset_external_id_array=self.external_ids,
            project_id=PROJECT,
            seconds_to_label_array=self.seconds,
        )


class CreatePredictions(Case):
    """Told apart by a model of their own, as predictions take no time."""

    def call(self) -> object:
        return self.client.create_predictions(
            PROJECT, self.external_ids, json_response_array=[CONTENT] * self.number, model_name=f"model {self.tag}"
        )

    def done(self) -> dict[object, list[str]]:
        fields = "id modelName labelOf { id }"
        query = _LABELS.replace("id secondsToLabel", fields)
        where = {"project": {"id": PROJECT}, "asset": {"idIn": self.assets}, "typeIn": ["PREDICTION"]}
        found = [one for one in ask(self.box, query, {"where": where}) if one["modelName"] == f"model {self.tag}"]
        return {
            index: [one["id"] for one in found if one["labelOf"]["id"] == asset]
            for index, asset in enumerate(self.assets)
        }

    def check_result(self, result: Any) -> None:
        assert result == {"id": PROJECT}
        assert all(len(ids) == 1 for ids in self.done().values())


class Delete(Case):
    def prepare(self) -> None:
        labels = [{"assetID": asset, "jsonResponse": "{}", "modelName": "m"} for asset in self.assets]
        data = {"labelType": "PREDICTION", "labelsData": labels, "overwrite": False}
        made = ask(self.box, _APPEND, {"data": data, "where": {"idIn": self.assets}})
        self.ids = [one["id"] for one in made]

    @property
    def inputs(self) -> list[object]:
        return list(self.ids)

    def call(self) -> object:
        return self.client.delete_labels(self.ids)

    def done(self) -> dict[object, list[str]]:
        where = {"project": {"id": PROJECT}, "idIn": self.ids}
        left = {one["id"] for one in ask(self.box, _LABELS, {"where": where})}
        return {one: [] if one in left else [one] for one in self.ids}

    def check_result(self, result: Any) -> None:
        assert [[one] for one in result] == list(self.done().values())

    def ids_of(self, created: tuple[Any, ...]) -> list[str]:
        return list(created)


class Honeypot(Case):
    @property
    def inputs(self) -> list[object]:
        return list(self.external_ids)

    def prepare(self) -> None:
        self.before = self._reviews()

    def call(self) -> object:
        return self.client.create_honeypot(CONTENT, asset_external_id=self.external_ids[0], project_id=PROJECT)

    def done(self) -> dict[object, list[str]]:
        return {self.external_ids[0]: [one for one in self._reviews() if one not in self.before]}

    def check_result(self, result: Any) -> None:
        assert [[result["id"]]] == list(self.done().values())

    def _reviews(self) -> list[str]:
        where = {"project": {"id": PROJECT}, "asset": {"idIn": self.assets}, "typeIn": ["REVIEW"]}
        return [one["id"] for one in ask(self.box, _LABELS, {"where": where})]


class AppendOne(Case):
    @property
    def inputs(self) -> list[object]:
        return list(self.external_ids)

    def call(self) -> object:
        return self.client.append_to_labels(
            CONTENT,
            label_asset_external_id=self.external_ids[0],
            project_id=PROJECT,
            seconds_to_label=self.tag,
        )

    def done(self) -> dict[object, list[str]]:
        return dict(zip(self.inputs, super().done().values(), strict=True))

    def check_result(self, result: Any) -> None:
        assert [[result["id"]]] == list(self.done().values())


class AppendGeojson(AppendOne):
    """Told apart by a model of their own, because the call says nothing of time."""

    def call(self) -> object:
        return self.client.append_labels_from_geojson_files(
            PROJECT, self.external_ids[0], [ANSWER], model_name=f"model {self.tag}"
        )

    def done(self) -> dict[object, list[str]]:
        where = {"project": {"id": PROJECT}, "asset": {"idIn": self.assets}}
        found = ask(self.box, _LABELS.replace("secondsToLabel", "modelName"), {"where": where})
        made = [one["id"] for one in found if one["modelName"] == f"model {self.tag}"]
        return {self.external_ids[0]: made}


class Update(Case):
    label = "default-07"

    @property
    def inputs(self) -> list[object]:
        return [self.label]

    def call(self) -> object:
        return self.client.update_properties_in_label(self.label, seconds_to_label=self.tag)

    def done(self) -> dict[object, list[str]]:
        where = {"project": {"id": PROJECT}, "id": self.label}
        [found] = ask(self.box, _LABELS, {"where": where})
        return {self.label: [self.label] if found["secondsToLabel"] == self.tag else []}

    def check_result(self, result: Any) -> None:
        assert result == {"id": self.label}
        assert self.done() == {self.label: [self.label]}


METHODS: dict[str, Method] = {
    "append_labels": lambda box, client: Append(box, client, 5),
    "append_labels by external ids": lambda box, client: AppendByExternalId(box, client, 5),
    "append_labels in a step": lambda box, client: AppendInStep(box, client, 3),
    "create_predictions": lambda box, client: CreatePredictions(box, client, 3),
    "delete_labels": lambda box, client: Delete(box, client, 5),
    "create_honeypot": Honeypot,
    "append_to_labels": AppendOne,
    "append_labels_from_geojson_files": AppendGeojson,
    "update_properties_in_label": Update,
}

pytestmark = pytest.mark.filterwarnings("ignore:`append_to_labels` is deprecated")


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with small_pages(), plain_box(tmp_path_factory.mktemp("box"), number=ASSETS) as served:
        yield served


@pytest.fixture(scope="module")
def opened(box: Sandbox) -> Iterator[tuple[KiliClient, FakeTime]]:
    with client_of(box) as opened:
        yield opened


@pytest.fixture(params=enumerate(METHODS.values()), ids=METHODS)
def method(request: pytest.FixtureRequest) -> tuple[int, Method]:
    """A method and its number."""
    number, method = request.param
    return number, method


@pytest.fixture(scope="module")
def asked(box: Sandbox, opened: tuple[KiliClient, FakeTime]) -> list[tuple[str, ...]]:
    """The requests of each method on a good day."""
    return [requests_of(method(box, opened[0])) for method in METHODS.values()]


def requests_of(case: Case) -> tuple[str, ...]:
    """What a call asks for on a good day."""
    case.prepare()
    case.box.faults.clear()
    result = case.call()
    asked = tuple(seen.operations[0] for seen in case.box.faults.seen)
    case.check_result(result)
    return asked


@frozen
class Hit:
    """A fault in a request of a method."""

    fault: str
    method: int
    position: int
    operation: str

    @property
    def is_in_mutation(self) -> bool:
        return self.operation in MUTATIONS


def hits_once(asked: Sequence[tuple[str, ...]]) -> list[Hit]:
    """The faults that hit one request: some in each."""
    return deal([(method, at, one) for method, requests in enumerate(asked) for at, one in enumerate(requests)])


def hits_lasting(asked: Sequence[tuple[str, ...]]) -> list[Hit]:
    """The faults that hit all requests from one on: from the first, and in the last."""
    return deal(
        [(method, at, requests[at]) for method, requests in enumerate(asked) for at in sorted({0, len(requests) - 1})]
    )


def deal(places: Iterable[tuple[int, int, str]]) -> list[Hit]:
    """Give each mutation a fault of each group, and each query every fifth fault; the next one gets others."""
    mutations, queries, hits = count(), count(), []
    for method, position, operation in places:
        if operation in MUTATIONS:
            turn = next(mutations)
            faults = [group[turn % len(group)] for group in ALIKE]
        else:
            faults = FAULTS[next(queries) % 5 :: 5]
        hits += [Hit(fault, method, position, operation) for fault in faults]
    return hits


@pytest.mark.parametrize("hits", [hits_once, hits_lasting])
def test_each_fault_hits_queries_and_mutations(
    asked: Sequence[tuple[str, ...]], hits: Callable[[Sequence[tuple[str, ...]]], list[Hit]]
) -> None:
    assert {(hit.fault, hit.is_in_mutation) for hit in hits(asked)} == set(product(FAULTS, (False, True)))


def error_of(case: Case, fault: str) -> ServiceError | None:
    """The error of a call while a fault is there; without one, the result is right."""
    case.prepare()
    case.box.faults.clear()
    case.box.faults.inject(fault)
    try:
        result = case.call()
    except ServiceError as error:
        assert any(seen.faults for seen in case.box.faults.seen), "the fault hit nothing"
        case.box.faults.clear()
        return error
    case.box.faults.clear()
    case.check_result(result)
    return None


def check_account(case: Case, error: ServiceError) -> dict[object, list[str]]:
    """Check that all inputs are accounted for, each once, and as the server says; return what it says."""
    done = case.done()
    assert all(len(ids) <= 1 for ids in done.values()), "a label came twice"
    held_back = {*error.in_doubt, *error.not_sent}
    assert len(held_back) == len(error.in_doubt) + len(error.not_sent)
    assert held_back <= set(case.inputs)
    created = [one for one in case.inputs if one not in held_back]
    assert case.ids_of(error.created) == [one for number in created for one in done[number]]
    assert len(error.created) == len(created)
    assert not any(done[number] for number in error.not_sent)
    assert bool(error.in_doubt) == isinstance(error, MutationOutcomeUnknown)
    return done


def test_a_fault_that_hits_one_request(
    box: Sandbox,
    opened: tuple[KiliClient, FakeTime],
    asked: Sequence[tuple[str, ...]],
    method: tuple[int, Method],
) -> None:
    (client, _), (number, make) = opened, method

    @for_each([hit for hit in hits_once(asked) if hit.method == number])
    def hits(hit: Hit) -> None:
        case = make(box, client)
        error = error_of(case, f"{WRITTEN.get(hit.fault, hit.fault)}+{hit.position}")
        if hit.fault in (PASSING if hit.is_in_mutation else PASSING_FOR_QUERIES):
            assert error is None
            return
        assert error is not None
        failure = MutationOutcomeUnknown if hit.is_in_mutation else TransportError
        assert type(error) is (GraphQLError if hit.fault in REFUSALS else failure)
        assert error.operation == hit.operation
        done = check_account(case, error)
        if hit.is_in_mutation:
            assert [bool(done[one]) for one in error.in_doubt] == [hit.fault in COMMITTING] * len(error.in_doubt)

    hits()


def test_a_fault_that_lasts(
    box: Sandbox,
    opened: tuple[KiliClient, FakeTime],
    asked: Sequence[tuple[str, ...]],
    method: tuple[int, Method],
) -> None:
    (client, time), (number, make) = opened, method

    @for_each([hit for hit in hits_lasting(asked) if hit.method == number])
    def lasts(hit: Hit) -> None:
        case, start_s = make(box, client), time.now_s
        error = error_of(case, f"{LASTING.get(hit.fault, f'{hit.fault}*')}+{hit.position}")
        assert (error is None) == (hit.fault == "delay")
        if error is not None:
            check_account(case, error)
        assert time.now_s - start_s <= 2 * 120

    lasts()


@pytest.mark.parametrize("position", [0, 1])
def test_a_mutation_that_takes_too_long_is_in_doubt(
    box: Sandbox,
    asked: Sequence[tuple[str, ...]],
    method: tuple[int, Method],
    position: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(append, "_TIMEOUT_S", 0.4)
    with client_of(box, timeout_s=0.4) as (client, _):
        number, make = method
        case = make(box, client)
        if position >= case.number:
            return
        root = next(operation for operation in asked[number] if operation in MUTATIONS)
        error = error_of(case, f"delay=60s:{root}+{position}")
        assert isinstance(error, MutationOutcomeUnknown)
        assert "no answer within 0 s" in str(error)
        check_account(case, error)
