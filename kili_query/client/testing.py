"""A service for the tests of programs that use `KiliClient`: it answers from what it is given, and sends nothing."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

from kili_query.client.request import Request

_COUNTED = {"countLabels": "labels", "countAssets": "assets"}


class FakeService:
    """Answers the requests of a client, and remembers them.

    For tests that need a real protocol, with filters and faults, `kili_query.sandbox.Sandbox` is a real server.

    Args:
        answers: the answer to each operation, by its name, as the service gives it: a list of objects, of which each
            request gets the page that it asks for, or a number. Without one, labels and assets are counted. Or a
            function of the request. An exception is raised instead of answered. Each answer is a copy.
        files: the JSON at each URL that answers refer to, such as the content of a label.

    Attributes:
        requests: what was asked so far, in order.

    >>> from kili_query.client import KiliClient
    >>> labels, project = [{"id": "l1", "jsonResponse": "{}"}], {"inputType": "IMAGE"}
    >>> service = FakeService({"labels": labels, "projects": [project]})
    >>> with KiliClient(transport=service, disable_tqdm=True) as client:
    ...     client.labels("my-project", fields=["id", "jsonResponse"])
    [{'id': 'l1', 'jsonResponse': {}}]
    >>> [request.operation.name for request in service.requests], service.variables()["where"]["project"]
    (['projects', 'labels'], {'id': 'my-project'})
    """

    def __init__(
        self,
        answers: Mapping[str, object] | Callable[[Request], object],
        files: Mapping[str, object] | None = None,
    ) -> None:
        self.answers = answers
        self.files = dict(files or {})
        self.requests: list[Request] = []

    def ask(self, request: Request) -> object:
        """The answer to a request.

        Raises:
            LookupError: there is none; the message names the operation.
        """
        self.requests.append(request)
        if not isinstance(self.answers, Mapping):
            answer = self.answers(request)
        elif request.operation.name in self.answers:
            answer = _page(self.answers[request.operation.name], request.variables)
        elif isinstance(counted := self.answers.get(_COUNTED.get(request.operation.name, "")), list | tuple):
            answer = len(counted)
        else:
            raise LookupError(f"no answer to `{request.operation.name}`: give one in `answers`")
        if isinstance(answer, BaseException):
            raise answer
        return deepcopy(answer)  # because a client decodes content in place

    def get_json(self, url: str) -> object:
        """The JSON at a URL.

        Raises:
            LookupError: there is none; the message names the URL.
        """
        if url not in self.files:
            raise LookupError(f"nothing at `{url}`: give it in `files`")
        return deepcopy(self.files[url])

    def variables(self, index: int = -1) -> Mapping[str, Any]:
        """The variables of a request, by default of the last one."""
        return self.requests[index].variables


def _page(answer: object, variables: Mapping[str, Any]) -> object:
    """Return the rows of a list that a request asks for."""
    skip, first = variables.get("skip"), variables.get("first")
    if isinstance(answer, list | tuple) and isinstance(skip, int):
        return list(answer[skip : None if first is None else skip + first])
    return answer
