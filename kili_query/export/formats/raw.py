"""The format ``raw``: the name that the official client has for ``kili`` as well."""

from attrs import evolve

from kili_query.export.formats.kili import KILI

__all__ = ["RAW"]

RAW = evolve(KILI, name="raw")
