"""What the sandbox answers to what is no question of labels yet: who may ask, how, and with which documents."""

import gzip
import json
import re
from collections.abc import Iterator
from datetime import datetime
from unittest.mock import Mock

import pytest
import requests
from graphql import build_client_schema, execute_sync, get_introspection_query, print_schema

from kili_query.resources import read_text
from kili_query.sandbox import Sandbox
from kili_query.sandbox.documents import MAX_DEPTH
from tests.sandbox.boxes import Asker, asking, write_project
from tests.sandbox.serving import TIMEOUT_S

MAX_BODY_BYTES = 200_000


@pytest.fixture(scope="module")
def asker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    labels = [{"id": f"l{n}", "assetId": f"a{n % 3}", "jsonResponse": {}} for n in range(5)]
    folder = write_project(tmp_path_factory.mktemp("protocol"), labels)
    with Sandbox(project=folder, api_key="the-key", max_body_bytes=MAX_BODY_BYTES) as box:
        yield asking(box)


ME = "{ data: me { id email } }"


class TestStartUp:
    """The calls that official clients make before any other, in their order."""

    @pytest.mark.parametrize("root", ["me", "viewer"])
    def test_key_check(self, asker: Asker, root: str) -> None:
        response = asker.post({"query": f"query {{ {root} {{ id email }} }}"})
        assert response.status_code == 200
        assert "email" in response.text
        assert "id" in response.text
        assert set(response.json()["data"][root]) == {"id", "email"}

    def test_version(self, asker: Asker) -> None:
        url = asker.endpoint.replace("/graphql", "/version")
        key = {"Authorization": f"X-API-Key: {asker.api_key}"}
        versions = [requests.get(url, headers=key, timeout=TIMEOUT_S) for _ in range(2)]
        assert versions[0].text == versions[1].text
        assert re.fullmatch(r'\{"version":"[\w.-]+"\}', versions[0].text)
        assert requests.get(url, timeout=TIMEOUT_S).status_code == 401
        assert requests.post(url, headers=key, timeout=TIMEOUT_S).status_code == 405

    def test_introspection(self, asker: Asker) -> None:
        query = get_introspection_query(
            descriptions=True,
            specified_by_url=False,
            directive_is_repeatable=True,
            schema_description=True,
            input_value_deprecation=True,
        )
        answer = asker.answer(query)
        assert list(answer) == ["data"]
        schema = build_client_schema(answer["data"])
        written = print_schema(schema)
        for declared in re.findall(
            r"^(?:type|input|enum|interface|scalar) \w+", read_text("sandbox", "schema.graphql"), re.M
        ):
            assert declared in written

    def test_the_answer_about_the_schema_is_remembered(self, asker: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
        query = "query Names { __schema { types { name } } }"
        answer = asker.answer(query)
        assert "Label" in {one["name"] for one in answer["data"]["__schema"]["types"]}
        wrong = [{"operationName": name} for name in ("", *(f"Others{number}" for number in range(20)))]
        for other in (*wrong, {"query": "query ($no: Boolean!) { __schema @skip(if: $no) { types { name } } }"}):
            assert list(asker.post({"query": query, **other}).json()) == ["errors"]
        monkeypatch.delattr("kili_query.sandbox.execution.execute_sync")
        assert asker.answer(query) == answer
        assert asker.post({"query": query, "operationName": "Names"}).json() == answer

    def test_a_large_answer_about_the_schema_is_not_remembered(
        self, asker: Asker, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        query = "query Large { __schema { types { name description } } }"
        executed = Mock(wraps=execute_sync)
        monkeypatch.setattr("kili_query.sandbox.execution.execute_sync", executed)
        monkeypatch.setattr("kili_query.sandbox.execution._MAX_REMEMBERED_BYTES", 100)
        answer = asker.answer(query)
        assert "Label" in {one["name"] for one in answer["data"]["__schema"]["types"]}
        executed.reset_mock()
        assert asker.answer(query) == answer
        assert executed.called

    def test_expiry(self, asker: Asker) -> None:
        query = "query apiKeys($where: ApiKeyWhere!) { data: apiKeys(where: $where, skip: 0, first: 1) { expiryDate } }"
        [key] = asker.data(query, where={"key": "the-key"})
        assert datetime.strptime(key["expiryDate"], "%Y-%m-%dT%H:%M:%S.%fZ").year > 2100
        assert asker.data(query, where={"key": "another"}) == []
        assert asker.data(query, where={"user": {"email": "any@example.com"}}) == [key]

    def test_headers_of_clients_are_not_needed(self, asker: Asker) -> None:
        assert asker.post({"query": ME}, headers={"Content-Type": "text/plain"}).status_code == 200


class TestWhoMayAsk:
    @pytest.mark.parametrize(
        "header",
        [
            "",
            "X-API-Key: wrong",
            "X-API-Key: ",
            "the-key",
            "Bearer the-key",
            "X-API-Key: the-key2",
            "x-api-key: the-key",
        ],
    )
    def test_without_the_key(self, asker: Asker, header: str) -> None:
        response = asker.post({"query": ME}, headers={"Authorization": header})
        assert response.status_code == 401
        assert "the-key" not in response.text
        assert response.json()["errors"][0]["extensions"] == {}

    @pytest.mark.parametrize("path", ["/", "/api/label/v2/version", "/payloads/x/l0", "/no-such-page", "/docs"])
    def test_every_path_needs_it(self, asker: Asker, path: str) -> None:
        url = asker.endpoint.replace("/api/label/v2/graphql", path)
        response = requests.get(url, timeout=TIMEOUT_S)
        assert response.status_code == 401
        assert "the-key" not in response.text

    def test_no_page_tells_the_key(self, asker: Asker) -> None:
        for path in ("/no-such-page", "/api/label/v2/graphql"):
            url = asker.endpoint.replace("/api/label/v2/graphql", path)
            key = {"Authorization": f"X-API-Key: {asker.api_key}"}
            response = requests.get(url, headers=key, timeout=TIMEOUT_S)
            assert response.status_code in (404, 405)
            assert "the-key" not in response.text

    @pytest.mark.parametrize("host", ["evil.example.com", "localhost.evil.example.com", ""])
    def test_a_foreign_host(self, asker: Asker, host: str) -> None:
        assert asker.post({"query": ME}, headers={"Host": host}).status_code in (400, 403)

    @pytest.mark.parametrize("origin", ["https://evil.example.com", "null", "http://127.0.0.1:1"])
    def test_a_foreign_page(self, asker: Asker, origin: str) -> None:
        assert asker.post({"query": ME}, headers={"Origin": origin}).status_code == 403

    def test_only_this_machine(self, asker: Asker) -> None:
        assert asker.endpoint.startswith("http://127.0.0.1:")


class TestBodies:
    def test_gzip(self, asker: Asker) -> None:
        body = gzip.compress(json.dumps({"query": ME}).encode())
        assert asker.post(body, headers={"Content-Encoding": "gzip"}).json() == asker.post({"query": ME}).json()

    @pytest.mark.parametrize(
        "body", [b"", b"{", b"nope", b"\xff\xfe", b"[" * 100_000, b'{"query": "\xff"}'], ids=lambda body: repr(body[:9])
    )
    def test_no_json(self, asker: Asker, body: bytes) -> None:
        response = asker.post(body)
        assert response.status_code == 400
        assert response.json() == {"errors": [{"message": "the body is not JSON", "extensions": {}}]}

    @pytest.mark.parametrize(
        "body",
        [None, [], 3, "x", {}, {"query": 3}, {"query": None}, [{"query": ME}]],
        ids=repr,
    )
    def test_no_request(self, asker: Asker, body: object) -> None:
        answer = asker.post(body).json()
        assert answer["errors"][0]["message"] == "a request is a JSON object with a text `query`"

    @pytest.mark.parametrize("more", [{"variables": []}, {"variables": "x"}, {"operationName": 3}], ids=repr)
    def test_wrong_members(self, asker: Asker, more: dict[str, object]) -> None:
        answer = asker.post({"query": ME, **more}).json()
        assert answer["errors"][0]["message"] == "`variables` must be an object, and `operationName` a text"

    def test_null_members(self, asker: Asker) -> None:
        assert "data" in asker.post({"query": ME, "variables": None, "operationName": None}).json()

    def test_too_large(self, asker: Asker) -> None:
        assert asker.post(b" " * (MAX_BODY_BYTES + 1)).status_code == 413
        bomb = gzip.compress(b" " * 50_000_000)
        assert len(bomb) < MAX_BODY_BYTES
        assert asker.post(bomb, headers={"Content-Encoding": "gzip"}).status_code == 413


class TestDocuments:
    @pytest.mark.parametrize(
        ("query", "message"),
        [
            ("", "Syntax Error"),
            ("{", "Syntax Error"),
            ("{ nothing }", "Cannot query field 'nothing'"),
            ("{ me { nothing } }", "Cannot query field 'nothing'"),
            ("{ me }", "must have a selection"),
            ("query A { me { id } } query B { me { id } }", "Must provide operation name"),
            ("{ data: countLabels(where: {typeIn: [WRONG]}) }", "WRONG"),
            ("{ data: countLabels(where: {nothing: 1}) }", "nothing"),
            ("{ data: countLabels(where: 3) }", "LabelWhere"),
            ("{ a: me { ...F } } fragment F on User { ...F }", "Cannot spread fragment 'F' within itself"),
        ],
    )
    def test_bad(self, asker: Asker, query: str, message: str) -> None:
        assert message in asker.refusal(query)

    @pytest.mark.parametrize(
        ("where", "message"),
        [(None, "where"), (3, "where"), ({"id": []}, "ID"), ({"typeIn": "WRONG"}, "WRONG"), ({"x": 1}, "'x'")],
        ids=repr,
    )
    def test_bad_variables(self, asker: Asker, where: object, message: str) -> None:
        query = "query ($where: LabelWhere!) { data: countLabels(where: $where) }"
        assert message in asker.refusal(query, where=where)

    def test_one_of_several_operations(self, asker: Asker) -> None:
        query = "query A { data: me { id } } query B { data: countLabels(where: {}) }"
        assert asker.post({"query": query, "operationName": "B"}).json() == {"data": {"data": 5}}
        assert "errors" in asker.post({"query": query, "operationName": "C"}).json()

    def test_a_subscription_is_not_for_http(self, asker: Asker) -> None:
        answer = asker.answer('subscription { data: labelCreatedOrUpdated(projectID: "p") { id } }')
        assert "errors" in answer

    def test_too_deep(self, asker: Asker) -> None:
        def nested(levels: int) -> str:
            fields = "labelOf { labels { " * levels + "id" + " } }" * levels
            return f"{{ data: labels(where: {{}}, first: 1, skip: 0) {{ {fields} }} }}"

        assert "data" in asker.answer(nested((MAX_DEPTH - 2) // 2))
        assert f"{MAX_DEPTH} at most" in asker.refusal(nested(MAX_DEPTH))
        hidden = nested(MAX_DEPTH).replace("{ data: labels(where: {}, first: 1, skip: 0) {", "fragment F on Label {")[
            :-1
        ]
        assert f"{MAX_DEPTH} at most" in asker.refusal(
            f"{{ data: labels(where: {{}}, first: 1, skip: 0) {{ ...F }} }} {hidden}"
        )
        assert "errors" in asker.answer("{ me " * 5_000 + "}" * 5_000)

    def test_too_long(self, asker: Asker) -> None:
        assert "token" in asker.refusal("{ " + " ".join(f"a{n}: __typename" for n in range(1_000)) + " }")
        assert "65536 characters" in asker.refusal("{ me { id } }" + " " * 65_536)

    def test_too_many_rows(self, asker: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
        """Of fields in fields, and of the same field many times: the rows of a request are bounded together."""
        monkeypatch.setattr("kili_query.sandbox.store._MAX_ROWS", 100)
        deep = "labelOf { labels { labelOf { labels { labelOf { labels { labelOf { labels { id } } } } } } } }"
        flat = " ".join(f"a{n}: labels(where: {{}}, first: 5, skip: 0) {{ id }}" for n in range(40))
        for query in (f"{{ data: labels(where: {{}}, first: 5, skip: 0) {{ {deep} }} }}", f"{{ {flat} }}"):
            assert asker.answer(query)["errors"][0]["message"] == (
                "the request reads more than 100 rows: ask for less at a time"
            )
        assert len(asker.labels("id author { id } labelOf { id }")) == 5

    def test_many_errors_are_told_in_part(self, asker: Asker) -> None:
        answer = asker.answer("{ " + " ".join(f"a{n}: nothing{n}" for n in range(500)) + " }")
        assert len(answer["errors"]) < 20
        assert all(isinstance(error["extensions"], dict) for error in answer["errors"])


class TestPages:
    @pytest.mark.parametrize(
        ("first", "skip", "message"),
        [
            (101, 0, "`first` is 101: a page has 100 items at most"),
            (-1, 0, "a page size is a whole number from 0, not -1"),
            (1.5, 0, "a page size is a whole number from 0, not 1.5"),
            (True, 0, "a page size is a whole number from 0, not True"),
            ("9", 0, "a page size is a whole number from 0, not '9'"),
            (1, -1, "`skip` is -1: it counts items, from 0"),
            (1, 2**40, "Int cannot represent"),
        ],
    )
    @pytest.mark.parametrize("root", ["labels", "assets", "projects", "apiKeys"])
    def test_bad(self, asker: Asker, root: str, first: object, skip: object, message: str) -> None:
        query = (
            "query ($first: PageSize!, $skip: Int!)"
            f" {{ data: {root}(where: {{}}, first: $first, skip: $skip) {{ __typename }} }}"
        )
        assert message in asker.refusal(query, first=first, skip=skip)

    @pytest.mark.parametrize(("first", "skip"), [(0, 0), (100, 5), (100, 10**6)])
    def test_none(self, asker: Asker, first: int, skip: int) -> None:
        assert asker.labels(first=first, skip=skip) == []
        assert asker.assets(first=first, skip=skip) == []

    def test_in_a_document(self, asker: Asker) -> None:
        assert len(asker.data("{ data: labels(where: {}, first: 2, skip: 1) { id } }")) == 2
        assert "whole number" in asker.refusal('{ data: labels(where: {}, first: "2", skip: 1) { id } }')

    def test_another_limit(self) -> None:
        with Sandbox(project="kili_query/demo/project.json", page_limit=3) as box:
            query = "{ data: labels(where: {}, first: 4, skip: 0) { id } }"
            assert asking(box).refusal(query) == "`first` is 4: a page has 3 items at most"


class TestProject:
    QUERY = (
        "query ($where: ProjectWhere!) { data: projects(where: $where, first: 1, skip: 0) "
        "{ id title description inputType jsonInterface numberOfAssets dataConnections { id } steps { id name }"
        " workflowVersion geospatialSettings } }"
    )

    def test_all_fields(self, asker: Asker) -> None:
        [project] = asker.data(self.QUERY, where={"id": "p"})
        interface = json.loads(project.pop("jsonInterface"))
        assert list(interface["jobs"]) == ["OBJECTS", "SCENE", "COLOR"]
        assert project == {
            "id": "p",
            "title": "Streets",
            "description": "",
            "inputType": "IMAGE",
            "numberOfAssets": 3,
            "dataConnections": [],
            "steps": [],
            "workflowVersion": "V1",
            "geospatialSettings": None,
        }

    @pytest.mark.parametrize(
        ("where", "number"),
        [
            ({}, 1),
            ({"id": None, "searchQuery": ""}, 1),
            ({"id": "other"}, 0),
            ({"searchQuery": "street"}, 1),
            ({"searchQuery": "roads"}, 0),
            ({"archived": True}, 0),
            ({"archived": False, "starred": False}, 1),
        ],
        ids=repr,
    )
    def test_filters(self, asker: Asker, where: dict[str, object], number: int) -> None:
        assert len(asker.data(self.QUERY, where=where)) == number
        count = "query ($where: ProjectWhere!) { data: countProjects(where: $where) }"
        assert asker.data(count, where=where) == number

    def test_what_it_cannot_select_by(self, asker: Asker) -> None:
        assert "`project.organizationId` is unsupported" in asker.refusal(self.QUERY, where={"organizationId": "o"})
