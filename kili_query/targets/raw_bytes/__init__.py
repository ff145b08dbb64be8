"""The engine for labels that are still JSON text: it decodes what the query needs, and passes over all else in C.

From the query and the ontology a type is built that names the jobs and the few fields that count. What does not fit
that type, which is checked while decoding, is decoded in full and judged by closures: an unusual label costs time and
changes no verdict. Needs msgspec (extra ``fast``).
"""

from kili_query.targets.raw_bytes.decoding import decode
from kili_query.targets.raw_bytes.matcher import BytesMatcher, compile_bytes

__all__ = ["BytesMatcher", "compile_bytes", "decode"]
