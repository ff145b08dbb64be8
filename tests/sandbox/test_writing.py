"""What requests change: labels that are added, changed and deleted, and what follows from it."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from kili_query.sandbox import Sandbox
from tests.sandbox.boxes import Asker, asking, box_of, write_project
from tests.sandbox.serving import TIMEOUT_S

ASSETS = [{"id": f"a{number}", "externalId": f"{number}.jpg"} for number in range(3)]
PEOPLE = [
    {"id": f"old{number}", "assetId": "a2", "author": {"id": name, "email": f"{name}@example.com"}, "jsonResponse": {}}
    for number, name in enumerate(("ann", "bob"))
]
INSIDE = '{"SCENE": {"categories": [{"name": "INDOOR"}]}}'


@pytest.fixture
def asker(tmp_path: Path) -> Iterator[Asker]:
    with box_of(write_project(tmp_path / "p", PEOPLE, ASSETS)) as asker:
        yield asker


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    """For tests that change nothing, or only what is their own."""
    with box_of(write_project(tmp_path_factory.mktemp("shared") / "p", PEOPLE, ASSETS)) as asker:
        yield asker


def one(asker: Asker, key: str, fields: str) -> Any:
    [label] = asker.labels(fields, id=key)
    return label


APPEND = (
    "mutation ($data: AppendManyLabelsData!, $where: AssetWhere!)"
    " { data: appendManyLabels(data: $data, where: $where) { id } }"
)


class TestAppend:
    def test_ids_come_in_order(self, asker: Asker) -> None:
        given = [{"assetID": f"a{n % 3}", "jsonResponse": f'{{"N": {n}}}', "secondsToLabel": n} for n in range(100)]
        ids = asker.append(*given)
        assert [one(asker, key, "secondsToLabel")["secondsToLabel"] for key in ids] == list(range(100))
        assert asker.labels("id", first=100, skip=2) == [{"id": key} for key in ids]

    @pytest.mark.parametrize("label_type", ["AUTOSAVE", "DEFAULT", "INFERENCE", "PREDICTION", "REVIEW"])
    def test_every_type(self, asker: Asker, label_type: str) -> None:
        given = {"assetID": "a0", "jsonResponse": INSIDE, "modelName": "m", "secondsToLabel": 2.5, "authorID": "ann"}
        [key] = asker.append(given | {"clientVersion": None}, label_type=label_type, idIn=["a0", "a0"])
        fields = (
            "id assetId author { id email firstname lastname } labelType modelName secondsToLabel jsonResponse"
            " isLatestLabelForUser isSentBackToQueue labelOf { id externalId } numberOfAnnotations annotations { id }"
            " jsonResponseUrl totalSecondsToLabel honeypotMark"
        )
        assert one(asker, key, fields) == {
            "id": key,
            "assetId": "a0",
            "author": {"id": "ann", "email": "ann@example.com", "firstname": "ann", "lastname": ""},
            "labelType": label_type,
            "modelName": "m",
            "secondsToLabel": 2.5,
            "totalSecondsToLabel": 2.5,
            "jsonResponse": INSIDE,
            "isLatestLabelForUser": True,
            "isSentBackToQueue": False,
            "labelOf": {"id": "a0", "externalId": "0.jpg"},
            "numberOfAnnotations": 1,
            "annotations": [],
            "jsonResponseUrl": None,
            "honeypotMark": None,
        }
        assert asker.ids(typeIn=[label_type], asset={"id": "a0"}) == [key]
        status = {"AUTOSAVE": "ONGOING", "DEFAULT": "LABELED", "REVIEW": "REVIEWED"}.get(label_type, "TODO")
        assert asker.assets("status", id="a0") == [{"status": status}]

    @pytest.mark.parametrize(
        "text",
        [
            "{}",
            ' { "A" : 1.50, "A": 2 } ',
            '{"A": "d\\u00e9j\\u00e0 \\ud83d\\ude00"}',
            '{"A": "déjà 😀"}',
            '{"A": 1e400}',
            '{"A": "\\ud800"}',
            '{"A": "\\u0000"}',
            '{"A": ' + "9" * 400 + "}",
        ],
    )
    def test_text_comes_back_as_it_was(self, shared: Asker, text: str) -> None:
        [key] = shared.append({"assetID": "a0", "jsonResponse": text})
        assert one(shared, key, "jsonResponse")["jsonResponse"] == text

    def test_the_newest_of_an_author_is_the_latest(self, asker: Asker) -> None:
        def latest(key: str) -> bool:
            return bool(one(asker, key, "isLatestLabelForUser")["isLatestLabelForUser"])

        of_ann = {"assetID": "a0", "jsonResponse": "{}", "authorID": "ann"}
        [first] = asker.append(of_ann)
        [second] = asker.append(of_ann, label_type="REVIEW")
        [of_bob] = asker.append(of_ann | {"authorID": "bob"})
        [guess] = asker.append(of_ann | {"modelName": "m"}, label_type="PREDICTION")
        [elsewhere] = asker.append(of_ann | {"assetID": "a1"})
        assert list(map(latest, (first, second, of_bob, guess, elsewhere))) == [False, True, True, True, True]
        both = one(asker, first, "isLatestDefaultLabelForUser isLatestReviewLabelForUser")
        assert list(both.values()) == [True, False]
        [asset] = asker.assets("latestLabel { id } latestLabels { id } labels { id }", id="a0")
        assert asset["latestLabel"] == {"id": of_bob}
        assert asset["latestLabels"] == [{"id": second}, {"id": of_bob}]
        assert len(asset["labels"]) == 4

    def test_another_one_changes_few_rows(self, tmp_path: Path) -> None:
        """However many there are of the same author on the same asset."""
        label = {"assetID": "a0", "jsonResponse": "{}"}
        with Sandbox(project=write_project(tmp_path / "p", assets=[{"id": "a0"}])) as box:
            asker = asking(box)
            before = [0]
            for number in (1, 50, 1):
                asker.append(*[label] * number)
                before.append(sum(one.total_changes for one in box._database._open))
        _, first, many, last = before
        assert last - many <= (many - first) // 50 + 1

    def test_overwrite(self, asker: Asker) -> None:
        def add(model: str, *, label_type: str = "PREDICTION", overwrite: bool = False, asset: str = "a0") -> str:
            label = {"assetID": asset, "jsonResponse": "{}", "modelName": model}
            [key] = asker.append(label, label_type=label_type, overwrite=overwrite)
            return str(key)

        kept = [add("other"), add("m", label_type="INFERENCE"), add("m", asset="a1"), add("m", label_type="DEFAULT")]
        replaced = [add("m"), add("m")]
        assert set(replaced) <= set(asker.ids())
        new = add("m", overwrite=True)
        assert set(asker.ids()) == {"old0", "old1", *kept, new}
        added = add("m", label_type="DEFAULT", overwrite=True)  # what people made is never replaced
        assert set(asker.ids()) == {"old0", "old1", *kept, new, added}

    @pytest.mark.parametrize(
        ("label", "where", "message"),
        [
            ({"assetID": "none"}, {}, "there is no asset `none`"),
            ({"assetID": "a0"}, {"idIn": ["a1"]}, "there is no asset `a0`"),
            ({"assetID": "a0"}, {"project": {"id": "other"}}, "there is no asset `a1`, `a0`"),
            ({}, {}, "`where` must select one asset: it selects several"),
            ({}, {"id": "none"}, "`where` must select one asset: it selects none"),
            ({"assetID": "a0", "authorID": "nobody"}, {}, "there is no user `nobody`"),
            ({"assetID": "a0", "jsonResponse": "nope"}, {}, "`jsonResponse`"),
            ({"assetID": "a0", "jsonResponse": ""}, {}, "`jsonResponse`"),
            (
                {"assetID": "a0", "jsonResponse": '{"A": NaN}'},
                {},
                "`jsonResponse` is not JSON: NaN is not a JSON number",
            ),
            ({"assetID": "a0", "jsonResponse": "null"}, {}, "`jsonResponse` must be the text of a JSON object"),
            ({"assetID": "a0", "jsonResponse": "[]"}, {}, "`jsonResponse` must be the text of a JSON object"),
            ({"assetID": "a0", "jsonResponse": '"x"'}, {}, "`jsonResponse` must be the text of a JSON object"),
        ],
        ids=repr,
    )
    def test_all_or_none(self, shared: Asker, label: dict[str, object], where: dict[str, object], message: str) -> None:
        before = shared.ids()
        good = {"assetID": "a1", "jsonResponse": "{}"}
        data = {"labelType": "DEFAULT", "labelsData": [good, {"jsonResponse": "{}"} | label, good]}
        assert message in shared.refusal(APPEND, data=data, where=where)
        assert shared.ids() == before
        assert shared.assets("status", id="a1") == [{"status": "TODO"}]

    @pytest.mark.parametrize(
        "change",
        [
            {"labelType": "WRONG"},
            {"labelType": None},
            {"labelsData": None},
            {"labelsData": [{"assetID": "a0"}]},
            {"labelsData": [{"assetID": "a0", "jsonResponse": {}}]},
            {"labelsData": [{"assetID": "a0", "jsonResponse": None}]},
            {"labelsData": [{"assetID": "a0", "jsonResponse": "{}", "secondsToLabel": "2"}]},
            {"stepId": "s"},
            {"more": 1},
        ],
        ids=repr,
    )
    def test_wrong_data(self, shared: Asker, change: dict[str, object]) -> None:
        before = shared.ids()
        data = {"labelType": "DEFAULT", "labelsData": [{"assetID": "a0", "jsonResponse": "{}"}]} | change
        assert shared.refusal(APPEND, data=data, where={})
        assert shared.ids() == before

    def test_none(self, asker: Asker) -> None:
        assert asker.append() == []


class TestAppendOne:
    QUERY = (
        "mutation ($data: AppendToLabelsData!, $where: AssetWhere!)"
        " { data: appendToLabels(data: $data, where: $where) { id assetId labelType author { id } jsonResponse } }"
    )

    def test_it(self, asker: Asker) -> None:
        data = {"authorID": "ann", "jsonResponse": INSIDE, "labelType": "DEFAULT", "secondsToLabel": 0}
        added = asker.data(self.QUERY, data=data, where={"id": "a0"})
        assert added.pop("id") in asker.ids()
        assert added == {"assetId": "a0", "labelType": "DEFAULT", "author": {"id": "ann"}, "jsonResponse": INSIDE}

    def test_which_asset(self, shared: Asker) -> None:
        data = {"jsonResponse": "{}", "labelType": "DEFAULT"}
        assert shared.refusal(self.QUERY, data=data, where={}).endswith("it selects several")
        assert shared.refusal(self.QUERY, data=data, where={"id": "none"}).endswith("it selects none")


def test_honeypot(asker: Asker) -> None:
    query = (
        "mutation ($data: CreateHoneypotData!, $where: AssetWhere!)"
        " { data: createHoneypot(data: $data, where: $where) { id labelType } }"
    )
    made = asker.data(query, data={"jsonResponse": INSIDE}, where={"id": "a0"})
    assert made["labelType"] == "REVIEW"
    assert one(asker, made["id"], "jsonResponse assetId") == {"jsonResponse": INSIDE, "assetId": "a0"}
    assert asker.assets("isHoneypot status", id="a0") == [{"isHoneypot": True, "status": "REVIEWED"}]
    assert asker.refusal(query, data={"jsonResponse": "{}"}, where={"id": "none"}).endswith("it selects none")
    assert asker.refusal(query, data={"jsonResponse": "3"}, where={"id": "a0"})
    assert len(asker.ids()) == 3


class TestUpdate:
    QUERY = (
        "mutation ($where: LabelWhere!, $data: LabelData!)"
        " { data: updatePropertiesInLabel(where: $where, data: $data) { id } }"
    )
    FIELDS = "jsonResponse modelName secondsToLabel isSentBackToQueue"

    def test_only_what_is_given(self, asker: Asker) -> None:
        [key] = asker.append({"assetID": "a0", "jsonResponse": INSIDE, "modelName": "m", "secondsToLabel": 3})

        def change(**data: object) -> list[object]:
            assert asker.data(self.QUERY, where={"id": key}, data=data) == {"id": key}
            return list(one(asker, key, self.FIELDS).values())

        assert change() == [INSIDE, "m", 3, False]
        assert change(jsonResponse=None, modelName=None) == [INSIDE, "m", 3, False]
        assert change(modelName="n", secondsToLabel=0) == [INSIDE, "n", 0, False]
        assert change(isSentBackToQueue=True) == [INSIDE, "n", 0, True]
        assert change(jsonResponse="{}") == ["{}", "n", 0, True]
        assert asker.count(id=key, search="SCENE.INDOOR.count == 0") == 1

    @pytest.mark.parametrize(
        ("where", "data", "message"),
        [
            ({"id": "none"}, {}, "`where` must select one label: it selects none"),
            ({}, {}, "`where` must select one label: it selects several"),
            ({"id": "old0"}, {"jsonResponse": "[]"}, "`jsonResponse` must be the text of a JSON object, not `[]`"),
            ({"id": "old0"}, {"secondsToLabel": "x"}, "Float cannot represent"),
        ],
        ids=repr,
    )
    def test_refused(self, shared: Asker, where: dict[str, object], data: dict[str, object], message: str) -> None:
        assert message in shared.refusal(self.QUERY, where=where, data=data)


class TestDelete:
    QUERY = "mutation ($ids: [ID!]!) { data: deleteLabels(ids: $ids) }"

    def test_of_models(self, asker: Asker) -> None:
        label = {"assetID": "a0", "jsonResponse": INSIDE, "modelName": "m"}
        ids = [*asker.append(label, label_type="PREDICTION"), *asker.append(label, label_type="INFERENCE")]
        assert asker.data(self.QUERY, ids=[ids[1], ids[0], ids[1]]) == [ids[1], ids[0]]
        assert asker.ids() == ["old0", "old1"]
        assert asker.count(search="SCENE.INDOOR.count > 0") == 0
        assert asker.refusal(self.QUERY, ids=ids) == f"there is no label `{ids[0]}`, `{ids[1]}`"

    @pytest.mark.parametrize("label_type", ["AUTOSAVE", "DEFAULT", "REVIEW"])
    def test_of_people(self, shared: Asker, label_type: str) -> None:
        label = {"assetID": "a0", "jsonResponse": "{}"}
        [guess], [made] = shared.append(label, label_type="PREDICTION"), shared.append(label, label_type=label_type)
        assert shared.refusal(self.QUERY, ids=[guess, made]) == (
            f"only predictions and inferences can be deleted, and these are neither: `{made}`"
        )
        assert {guess, made} <= set(shared.ids())

    def test_none(self, asker: Asker) -> None:
        assert asker.data(self.QUERY, ids=[]) == []

    def test_the_one_before_is_the_latest_again(self, asker: Asker) -> None:
        label = {"assetID": "a0", "jsonResponse": "{}", "modelName": "m"}
        [first], [second] = (asker.append(label, label_type="PREDICTION") for _ in range(2))
        assert one(asker, first, "isLatestLabelForUser") == {"isLatestLabelForUser": False}
        asker.data(self.QUERY, ids=[second])
        assert one(asker, first, "isLatestLabelForUser") == {"isLatestLabelForUser": True}

    def test_an_older_one_leaves_the_latest(self, asker: Asker) -> None:
        label = {"assetID": "a0", "jsonResponse": "{}", "modelName": "m"}
        [first], [second], [third] = (asker.append(label, label_type="PREDICTION") for _ in range(3))
        asker.data(self.QUERY, ids=[first])
        assert [one(asker, key, "isLatestLabelForUser")["isLatestLabelForUser"] for key in (second, third)] == [
            False,
            True,
        ]

    def test_numbers_are_not_mixed_up(self, asker: Asker) -> None:
        """What is added after a deletion comes last, and nothing of the deleted label is found in it."""
        label = {"assetID": "a0", "jsonResponse": INSIDE}
        [gone] = asker.append(label, label_type="PREDICTION")
        asker.data(self.QUERY, ids=[gone])
        [new] = asker.append({"assetID": "a0", "jsonResponse": "{}"})
        assert new != gone
        assert asker.ids() == ["old0", "old1", new]
        assert asker.ids(search="SCENE.INDOOR.count > 0") == []


def test_several_mutations_in_one_document(asker: Asker) -> None:
    add = 'appendToLabels(data: {jsonResponse: "{}", labelType: DEFAULT}, where: {id: "a0"}) { id }'
    bad = add.replace("a0", "none")
    answer = asker.answer(f"mutation {{ one: {add} two: {add} bad: {bad} }}")
    assert len(answer["errors"]) == 1
    assert answer["errors"][0]["path"] == ["bad"]
    assert len(asker.ids()) == 4  # each is a transaction of its own


@pytest.fixture(scope="module")
def fetch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., requests.Response]]:
    """``fetch(change)``: what a label's payload URL gives, or what is made of the URL."""
    folder = write_project(tmp_path_factory.mktemp("payloads") / "p", PEOPLE, ASSETS)
    with Sandbox(project=folder, payload_urls=True) as box:
        asker = asking(box)
        [key] = asker.append({"assetID": "a0", "jsonResponse": INSIDE})
        label = one(asker, key, "jsonResponse jsonResponseUrl")
        assert label["jsonResponse"] == ""
        yield lambda change=str: requests.get(change(label["jsonResponseUrl"]), timeout=TIMEOUT_S)


class TestPayloads:
    def test_its_url_is_enough(self, fetch: Callable[..., requests.Response]) -> None:
        response = fetch()
        assert (response.status_code, response.text) == (200, INSIDE)
        assert response.headers["content-type"] == "application/json"

    @pytest.mark.parametrize(
        "change",
        [
            lambda url: url[:-1],
            lambda url: url + "0",
            lambda url: url.replace("/payloads/", "/payloads/0"),
            lambda url: url.rpartition("/")[0] + "/old0",
            lambda url: url.rpartition("/")[0],
            lambda url: url.replace("/payloads/", "/payloads/%C3%A9"),
        ],
    )
    def test_another_tells_nothing(self, fetch: Callable[..., requests.Response], change: Callable[[str], str]) -> None:
        response = fetch(change)
        assert response.status_code == 404
        assert INSIDE not in response.text

    def test_nothing_else_is_open(self, fetch: Callable[..., requests.Response]) -> None:
        assert fetch(lambda url: url.partition("/payloads/")[0] + "/payloads/../api/label/v2/version").status_code in (
            401,
            404,
        )

    def test_a_content_that_is_not_known(self, tmp_path: Path) -> None:
        labels = [{"id": "l0", "assetId": "a0"}]
        with Sandbox(project=write_project(tmp_path / "q", labels), payload_urls=True) as box:
            url = one(asking(box), "l0", "jsonResponseUrl")["jsonResponseUrl"]
            assert requests.get(url, timeout=TIMEOUT_S).status_code == 404


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"B": [1, 2.50, "é"], "A": {}}, '{"B": [1, 2.5, "\\u00e9"], "A": {}}'),
        ('{"B":1}', '{"B":1}'),
        ("nope", "nope"),
        ({}, "{}"),
        (None, ""),
    ],
    ids=repr,
)
def test_content_of_files_as_text(tmp_path: Path, given: object, text: str) -> None:
    labels = [{"id": "l0", "assetId": "a0", "jsonResponse": given}]
    with box_of(write_project(tmp_path / "p", labels)) as asker:
        assert json.loads(json.dumps(one(asker, "l0", "jsonResponse"))) == {"jsonResponse": text}
