"""Runs in the environment of a client, the official one or ours: calls its label methods, and tells what came of each.

Standard input holds a script: ``{"client": "kili.client:Kili", "sections": [...]}``. A section is the ``endpoint`` and
the ``api_key`` that a client is opened with, and the ``steps`` that it takes, each of which is ``{"name", "method",
"arguments", "at"}``; the arguments under ``*`` are given by position. Standard output gets a record for each step,
section by section: ``result``, or ``error`` as the names of the class and its bases; ``warnings``; and ``sent``, the
requests that left this process meanwhile.

It uses nothing but what each of these environments has.
"""

import gzip
import importlib
import json
import os
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Any

from urllib3.connectionpool import HTTPConnectionPool


class Sent:
    """What leaves this process over HTTP."""

    def __init__(self) -> None:
        self.requests: list[dict[str, object]] = []
        self._urlopen = HTTPConnectionPool.urlopen

    def watch(self) -> None:
        def urlopen(pool: Any, method: str, url: str, body: Any = None, *arguments: Any, **options: Any) -> Any:
            self.requests.append(described(body or b""))
            return self._urlopen(pool, method, url, body, *arguments, **options)

        HTTPConnectionPool.urlopen = urlopen  # type: ignore[method-assign,assignment]

    def take(self) -> list[dict[str, object]]:
        taken, self.requests = self.requests, []
        return taken


def described(body: bytes | str) -> dict[str, object]:
    if isinstance(body, str):
        body = body.encode()
    if body.startswith(b"\x1f\x8b"):
        body = gzip.decompress(body)
    asked = json.loads(body) if body else {}
    return {"query": asked.get("query"), "variables": asked.get("variables") or {}}


class Run:
    """The steps of one section: what each gave is kept, for later ones to refer to."""

    def __init__(self, client_class: Any, section: Mapping[str, Any], sent: Sent) -> None:
        self.endpoint = section["endpoint"]
        self.client_class = client_class
        self.client = client_class(api_key=section["api_key"], api_endpoint=self.endpoint)
        self.sent = sent
        self.results: dict[str, Any] = {}

    def record(self, step: Mapping[str, Any]) -> dict[str, object]:
        self.sent.take()
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                told = {"result": self.call(step)}
            except Exception as error:  # whatever it is, it is what the caller got
                told = {"error": [kind.__name__ for kind in type(error).__mro__], "message": str(error)[:300]}
        said = [[one.category.__name__, str(one.message)[:200]] for one in caught]
        return {"name": step["name"], **told, "warnings": said, "sent": self.sent.take()}

    def call(self, step: Mapping[str, Any]) -> object:
        arguments = {name: self.decoded(value) for name, value in step["arguments"].items()}
        if step["method"] == "open":
            self.client_class(**arguments)
            return None
        given = attrgetter(step["method"])(self.client)(*arguments.pop("*", ()), **arguments)
        for key in step.get("at", ()):
            given = given[key]
        if isinstance(given, Iterator):
            given = {"one by one": list(given)}
        self.results[step["name"]] = given
        return told(given)

    def decoded(self, value: Any) -> Any:
        """An argument, where JSON cannot say it: ``{"$": what, ...}``."""
        if isinstance(value, dict) and "$" in value:
            return self.special(value["$"], value)
        if isinstance(value, dict):
            return {name: self.decoded(one) for name, one in value.items()}
        return [self.decoded(one) for one in value] if isinstance(value, list) else value

    def special(self, what: str, value: Mapping[str, Any]) -> Any:
        match what:
            case "nan":
                return float("nan")
            case "set":
                return set(value["items"])
            case "tuple":
                return tuple(self.decoded(one) for one in value["items"])
            case "int-keys":
                return {int(name): self.decoded(one) for name, one in value["items"].items()}
            case "endpoint":
                return self.endpoint
            case "ids":
                return [one["id"] for one in self.results[value["of"]]][value["start"] : value["end"]]
        raise AssertionError(what)


def told(value: Any) -> object:
    """A result as JSON can say it."""
    if hasattr(value, "to_dict") and hasattr(value, "jobs"):
        return {"parsed": told(value.to_dict()), "jobs": parsed_jobs(value.jobs)}
    if hasattr(value, "columns"):
        rows = json.loads(value.to_json(orient="records"))
        return {"columns": list(value.columns), "rows": rows}
    if isinstance(value, Mapping):
        return {str(name): told(one) for name, one in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [told(one) for one in value]
    return value


def parsed_jobs(jobs: Any) -> object:
    """A few of the attributes of a parsed label."""
    said: dict[str, object] = {}
    for name, job in jobs.items():
        seen: dict[str, object] = {}
        for attribute in ("category", "categories", "text", "annotations"):
            try:
                value = getattr(job, attribute)
            except Exception as error:  # an attribute that the job does not have
                seen[attribute] = "KeyError" if isinstance(error, KeyError) else type(error).__name__
                continue
            seen[attribute] = attributes(value)
        said[name] = seen
    return said


def attributes(value: Any) -> object:
    if value is None or isinstance(value, str):
        return value
    if hasattr(value, "name") and hasattr(value, "display_name"):
        return [value.name, value.display_name]
    if hasattr(value, "category") and hasattr(value, "mid"):
        return [value.mid, value.type, value.category.name]
    return [attributes(one) for one in value]


def main() -> None:
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a client prints must not get between the records
    script = json.load(sys.stdin)
    module, _, name = script["client"].partition(":")
    client_class = getattr(importlib.import_module(module), name)
    sent = Sent()
    sent.watch()
    records = []
    for section in script["sections"]:
        run = Run(client_class, section, sent)
        records.append([run.record(step) for step in section["steps"]])
    json.dump(records, answers)
    answers.flush()


if __name__ == "__main__":
    main()
