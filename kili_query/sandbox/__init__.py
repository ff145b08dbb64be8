"""A local server that speaks the labeling service's protocol: for pipelines to be built and tested with no account.

What it is for, and how near it comes, `Sandbox` says. It keeps its labels in SQLite, and answers category searches with
the SQL that our own compiler writes.
"""

from kili_query._extras import load

load("kili_query.sandbox.server", "`kili_query.sandbox`", "sandbox")  # says what to install, where something lacks

from kili_query.sandbox.faults import Fault  # noqa: E402
from kili_query.sandbox.misbehaviour import Misbehaviour  # noqa: E402
from kili_query.sandbox.server import Sandbox  # noqa: E402

__all__ = ["Fault", "Misbehaviour", "Sandbox"]
