"""From a request's body to its answer: parsed, validated, bounded, executed."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Mapping
from functools import lru_cache
from typing import TypedDict

from anyio import CapacityLimiter, to_thread
from attrs import define, field, frozen
from graphql import (
    DocumentNode,
    ExecutionResult,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    ValidationContext,
    ValidationRule,
    execute_sync,
    get_operation_ast,
    specified_rules,
    subscribe,
    validate,
)

from kili_query.errors import KiliQueryError
from kili_query.sandbox.documents import read_document
from kili_query.sandbox.plain_fields import PlainFieldsExecutor
from kili_query.sandbox.refusal import Refused
from kili_query.sandbox.resolvers import Asked, Service

__all__ = ["MAX_DEPTH", "Executor", "error_answer", "write_answer"]

MAX_DEPTH = 12
"""How deep fields may stand in fields; what asks about the schema itself may go deeper."""

_MAX_ERRORS = 10
_MAX_MESSAGE_CHARS = 2_000
_MAX_REMEMBERED_CHARS = 8 * 1024
_LOGGER = logging.getLogger("kili_query.sandbox")


@define
class Executor:
    """Executes documents against a schema. Documents repeat, so what is known of one is remembered by its text."""

    schema: GraphQLSchema
    service: Service

    def execute(self, request: object) -> dict[str, object]:
        """The answer to a request's body: its data, or errors, and never an exception."""
        readied = self._ready(request)
        return self.write(self._run(readied)) if isinstance(readied, _Readied) else readied

    def write(self, result: ExecutionResult) -> dict[str, object]:
        """A result as it is sent, or an error where it would be larger than an answer may be."""
        most = self.service.store.max_answer_bytes
        if _is_larger(result.data, most):
            return error_answer(f"the answer is larger than {most} bytes: ask for fewer fields or a smaller page")
        return write_answer(result)

    async def subscribe(
        self, request: object, limiter: CapacityLimiter
    ) -> AsyncIterator[ExecutionResult] | dict[str, object]:
        """The results of a subscription; or one answer, where it cannot begin or is something else.

        Args:
            request: what is asked.
            limiter: of the threads in which documents are read, so that nobody else waits for that.
        """
        # INVARIANT: what is written from now on is heard, however long it takes to read the document
        queue = self.service.events.join()
        results: AsyncIterator[ExecutionResult] | dict[str, object] = {}
        try:
            results = await self._begin(request, queue, limiter)
        finally:
            if isinstance(results, dict):
                self.service.events.leave(queue)
        return results

    async def _begin(
        self, request: object, queue: "asyncio.Queue[int]", limiter: CapacityLimiter
    ) -> AsyncIterator[ExecutionResult] | dict[str, object]:
        readied = await to_thread.run_sync(self._ready, request, limiter=limiter)
        if not isinstance(readied, _Readied):
            return readied
        if not readied.is_subscription:
            return await to_thread.run_sync(self.execute, request, limiter=limiter)
        context = Asked(self.service, self.service.store.reader(is_held=False), queue)
        begun = subscribe(self.schema, **readied.arguments(context))
        results = await begun if isinstance(begun, Awaitable) else begun
        return self.write(results) if isinstance(results, ExecutionResult) else results

    def _ready(self, request: object) -> "_Readied | dict[str, object]":
        if not isinstance(request, Mapping) or not isinstance(request.get("query"), str):
            return error_answer("a request is a JSON object with a text `query`")
        variables, name = request.get("variables"), request.get("operationName")
        if not isinstance(variables, Mapping | None) or not isinstance(name, str | None):
            return error_answer("`variables` must be an object, and `operationName` a text")
        document = _read(self.schema, request["query"])
        if isinstance(document, list):
            return {"errors": [format_error(error) for error in document]}
        return _Readied(document, dict(variables or {}), name)

    def _run(self, readied: "_Readied") -> ExecutionResult:
        reader = self.service.store.reader()
        try:
            return execute_sync(
                self.schema, executor_class=PlainFieldsExecutor, **readied.arguments(Asked(self.service, reader))
            )
        finally:
            reader.close()


class _Arguments(TypedDict):
    document: DocumentNode
    context_value: Asked
    variable_values: dict[str, object]
    operation_name: str | None


@frozen
class _Readied:
    """A request whose document is sound."""

    document: DocumentNode
    variables: dict[str, object]
    name: str | None

    @property
    def is_subscription(self) -> bool:
        operation = get_operation_ast(self.document, self.name)
        return operation is not None and operation.operation is OperationType.SUBSCRIPTION

    def arguments(self, context: Asked) -> _Arguments:
        return {
            "document": self.document,
            "context_value": context,
            "variable_values": self.variables,
            "operation_name": self.name,
        }


def error_answer(message: str) -> dict[str, object]:
    """The answer to what could not be executed at all."""
    return {"errors": [{"message": message, "extensions": {}}]}


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


def _read(schema: GraphQLSchema, text: str) -> DocumentNode | list[GraphQLError]:
    """The document, or what is wrong with it."""
    return _remembered(schema, text) if len(text) <= _MAX_REMEMBERED_CHARS else _checked(schema, text)


def _checked(schema: GraphQLSchema, text: str) -> DocumentNode | list[GraphQLError]:
    try:
        document = read_document(text)
        return validate(schema, document, [*specified_rules, DepthRule], max_errors=_MAX_ERRORS) or document
    except GraphQLError as error:
        return [error]
    except RecursionError:
        return [Refused("the document is nested too deep")]


_remembered = lru_cache(maxsize=512)(_checked)


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


class DepthRule(ValidationRule):
    """Documents whose fields stand too deep in fields are refused: each level may multiply the work."""

    context: ValidationContext

    def enter_operation_definition(self, node: OperationDefinitionNode, *_: object) -> None:
        """Measure an operation."""
        depth = _Depth(self.context).of(node.selection_set)
        if depth > MAX_DEPTH:
            self.report_error(GraphQLError(f"the document is {depth} fields deep: {MAX_DEPTH} at most", [node]))


@define
class _Depth:
    """How deep the fields of a document go, each fragment measured once."""

    context: ValidationContext
    known: dict[str, int] = field(factory=dict)

    def of(self, selections: SelectionSetNode | None) -> int:
        deepest = 0
        for selection in selections.selections if selections else ():
            match selection:
                case FieldNode(name=name) if name.value.startswith("__"):
                    continue
                case FieldNode():
                    deepest = max(deepest, 1 + self.of(selection.selection_set))
                case FragmentSpreadNode():
                    deepest = max(deepest, self._of_fragment(self.context.get_fragment(selection.name.value)))
                case _:
                    deepest = max(deepest, self.of(getattr(selection, "selection_set", None)))
        return deepest

    def _of_fragment(self, fragment: FragmentDefinitionNode | None) -> int:
        if fragment is None:
            return 0  # another rule reports it, as it does a fragment in itself
        name = fragment.name.value
        if name not in self.known:
            self.known[name] = 0
            self.known[name] = self.of(fragment.selection_set)
        return self.known[name]
