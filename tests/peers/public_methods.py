"""Runs in the environment of a client: prints the names of its public methods, those of its namespaces with a dot.

Arguments: ``module:Class``, the endpoint and the key of a server. Standard output gets a JSON object: for each method
the names of its arguments.
"""

import importlib
import inspect
import json
import os
import sys
import warnings
from collections.abc import Iterator


def public_methods(client: object) -> Iterator[tuple[str, list[str]]]:
    for name in dir(client):
        member = None if name.startswith("_") else getattr(client, name)
        if inspect.isroutine(member):
            yield name, list(inspect.signature(member).parameters)
        elif type(member).__module__.startswith(("kili.", "kili_query.client.namespaces")):
            routines = inspect.getmembers(member, inspect.isroutine)
            for method, routine in routines:
                if not method.startswith("_"):
                    yield f"{name}.{method}", list(inspect.signature(routine).parameters)


def main() -> None:
    names = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what the client prints must not get between the names
    warnings.simplefilter("ignore")
    place, endpoint, key = sys.argv[1:]
    module, _, kind = place.partition(":")
    client = getattr(importlib.import_module(module), kind)(api_key=key, api_endpoint=endpoint)
    with names:
        json.dump(dict(public_methods(client)), names)


if __name__ == "__main__":
    main()
