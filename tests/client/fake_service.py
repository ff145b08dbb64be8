"""A service that answers from a script, for what a real server does not do on demand."""

from collections.abc import Callable, Mapping

from kili_query.client.request import Request

__all__ = ["FakeService"]


class FakeService:
    """Answers each request with what a function gives; an exception that it gives is raised."""

    def __init__(self, answer: Callable[[Request], object]) -> None:
        self.answer = answer
        self.requests: list[Request] = []

    def ask(self, request: Request) -> object:
        self.requests.append(request)
        answer = self.answer(request)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def get_json(self, url: str) -> object:
        raise AssertionError(f"nothing should be fetched, but {url} was")

    def variables(self, index: int = -1) -> Mapping[str, object]:
        return self.requests[index].variables
