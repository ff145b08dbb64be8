"""A local server that speaks the labeling service's protocol: for pipelines to be built and tested with no account.

What it is for, and how near it comes, `Sandbox` says. It keeps its labels in SQLite, and answers category searches with
the SQL that our own compiler writes.
"""

from kili_query.sandbox.faults import Fault
from kili_query.sandbox.misbehaviour import Misbehaviour
from kili_query.sandbox.server import Sandbox

__all__ = ["Fault", "Misbehaviour", "Sandbox"]
