"""Executes a request: checks its body, runs it, and limits the size of its answer."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Mapping
from functools import lru_cache

from anyio import CapacityLimiter, to_thread
from attrs import frozen
from graphql import (
    ExecutionResult,
    GraphQLError,
    GraphQLSchema,
    OperationType,
    execute_sync,
    get_operation_ast,
    subscribe,
)

from kili_query.errors import KiliQueryError
from kili_query.sandbox.documents import CheckedDocument, check_document
from kili_query.sandbox.resolvers import Asked, SandboxService
from kili_query.sandbox.store import Reader
from kili_query.sandbox.values import error_answer

_MAX_MESSAGE_CHARS = 2_000
_REMEMBERED = 8
_MAX_REMEMBERED_BYTES = 1024 * 1024
_LOGGER = logging.getLogger("kili_query.sandbox")


@frozen
class _Request:
    """A request whose document fits the schema."""

    document: CheckedDocument
    variables: dict[str, object]
    name: str | None

    @property
    def is_subscription(self) -> bool:
        operation = get_operation_ast(self.document.node, self.name)
        return operation is not None and operation.operation is OperationType.SUBSCRIPTION

    @property
    def is_about_schema(self) -> bool:
        """Whether it only asks for the schema, and the operation that it names exists."""
        return self.document.is_about_schema and get_operation_ast(self.document.node, self.name) is not None


@frozen
class Executor:
    """Executes requests against a schema."""

    schema: GraphQLSchema
    service: SandboxService

    def execute(self, body: object) -> dict[str, object]:
        """The answer to a request's body: its data, or errors, and never an exception."""
        request = self._read(body)
        if not isinstance(request, _Request):
            return request
        if request.is_about_schema and (known := _describe_schema(self.schema, request.document)) is not None:
            return self.write(ExecutionResult(json.loads(known)))
        reader = Reader(self.service.store, request.document.fields)
        context = Asked(self.service, reader)
        try:
            result = execute_sync(
                self.schema,
                request.document.node,
                context_value=context,
                variable_values=request.variables,
                operation_name=request.name,
            )
        finally:
            reader.refresh()
        return self.write(result)

    def write(self, result: ExecutionResult) -> dict[str, object]:
        """A result as it is sent, or an error where it would be larger than an answer may be."""
        most = self.service.store.max_answer_bytes
        if _is_larger(result.data, most):
            return error_answer(f"the answer is larger than {most} bytes: ask for fewer fields or a smaller page")
        return write_answer(result)

    async def subscribe(
        self, body: object, limiter: CapacityLimiter
    ) -> AsyncIterator[ExecutionResult] | dict[str, object]:
        """The results of a subscription; or one answer, where it cannot begin or is something else.

        Args:
            body: what is asked.
            limiter: of the threads in which documents are read, so that nobody else waits for that.
        """
        # INVARIANT: what is written from now on is heard, however long it takes to read the document
        queue = self.service.events.join()
        results: AsyncIterator[ExecutionResult] | dict[str, object] = {}
        try:
            results = await self._begin(body, queue, limiter)
        finally:
            if isinstance(results, dict):
                self.service.events.leave(queue)
        return results

    async def _begin(
        self, body: object, queue: "asyncio.Queue[int]", limiter: CapacityLimiter
    ) -> AsyncIterator[ExecutionResult] | dict[str, object]:
        request = await to_thread.run_sync(self._read, body, limiter=limiter)
        if not isinstance(request, _Request):
            return request
        if not request.is_subscription:
            return await to_thread.run_sync(self.execute, body, limiter=limiter)
        reader = Reader(self.service.store, request.document.fields, is_held=False)
        begun = subscribe(
            self.schema,
            request.document.node,
            context_value=Asked(self.service, reader, queue),
            variable_values=request.variables,
            operation_name=request.name,
        )
        results = await begun if isinstance(begun, Awaitable) else begun
        return self.write(results) if isinstance(results, ExecutionResult) else results

    def _read(self, body: object) -> _Request | dict[str, object]:
        """The request, or the answer that says what is wrong with it."""
        if not isinstance(body, Mapping) or not isinstance(body.get("query"), str):
            return error_answer("a request is a JSON object with a text `query`")
        variables, name = body.get("variables"), body.get("operationName")
        if not isinstance(variables, Mapping | None) or not isinstance(name, str | None):
            return error_answer("`variables` must be an object, and `operationName` a text")
        document = check_document(self.schema, body["query"])
        if isinstance(document, list):
            return {"errors": [format_error(error) for error in document]}
        return _Request(document, dict(variables or {}), name)


@lru_cache(_REMEMBERED)
def _describe_schema(schema: GraphQLSchema, document: CheckedDocument) -> str | None:
    """Return the answer to a document that asks only for the schema.

    The official client sends one whenever it is created.

    Returns:
        The data of the answer, as JSON, so that no caller can change what the others get. None if there are errors,
        or if it is too large to be remembered.
    """
    result = execute_sync(schema, document.node)
    if result.errors or _is_larger(result.data, _MAX_REMEMBERED_BYTES):
        return None
    return json.dumps(result.data)


def format_error(error: GraphQLError) -> dict[str, object]:
    """An error as it is sent. What is the sandbox's own fault is logged, and says no more than that.

    The official client of 26 fails on an error without ``extensions``.
    """
    answer: dict[str, object] = {**error.formatted, "extensions": error.extensions or {}}
    if len(error.message) > _MAX_MESSAGE_CHARS:  # it repeats a value of the request
        answer["message"] = f"{error.message[:_MAX_MESSAGE_CHARS]}…"
    cause = error.original_error
    if cause is not None and not isinstance(cause, GraphQLError | KiliQueryError):
        _LOGGER.error("a request failed", exc_info=cause)
        answer["message"] = f"the sandbox failed: {type(cause).__name__}: {cause}"
    return answer


def write_answer(result: ExecutionResult) -> dict[str, object]:
    """A result as it is sent."""
    answer: dict[str, object] = {}
    if result.errors:
        answer["errors"] = [format_error(error) for error in result.errors]
    if result.data is not None or not result.errors:
        answer["data"] = result.data
    return answer


def _is_larger(data: object, most_bytes: int) -> bool:
    """Whether the texts and members of an answer's data are more than so many bytes; told before it is encoded.

    Fields that are asked for under many names share their value in memory, and would not in the answer.
    """
    size, left = 0, [data]
    while left and size <= most_bytes:
        value = left.pop()
        match value:
            case str():
                size += len(value)
            case dict():
                size += sum(map(len, value))
                left.extend(value.values())
            case list():
                size += len(value)
                left.extend(value)
    return size > most_bytes
