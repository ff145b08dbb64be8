"""Runs in the environment of the official client: lists events, and reads each with the models of its library.

Standard input holds ``{"api_key", "endpoint", "calls": [arguments]}``. Standard output gets a record for each call:
``result`` and ``models``, the names of the classes that the events were read as; or ``error``, its message.
"""

import json
import sys


def main() -> None:
    # here, because pytest imports this module too, in an environment without the official client
    from kili.client import Kili  # type: ignore[import-not-found,unused-ignore]
    from kili_events import parse_event  # type: ignore[import-not-found,unused-ignore]

    script = json.load(sys.stdin)
    client = Kili(api_key=script["api_key"], api_endpoint=script["endpoint"])
    records: list[dict[str, object]] = []
    for arguments in script["calls"]:
        try:
            found = client.events.list(**arguments)
        except Exception as error:  # whatever it is, it is what the caller got
            records.append({"error": str(error)})
            continue
        is_whole = all("payload" in event and "organizationId" in event for event in found)
        models = [type(parse_event(event)).__name__ for event in found] if is_whole else []
        records.append({"result": found, "models": models})
    json.dump(records, sys.stdout)


if __name__ == "__main__":
    main()
