"""A local server that speaks the labeling service's protocol, to build and test pipelines without an account.

`Sandbox` says how near it comes to the service. It keeps its labels in SQLite, and answers category searches in SQL.
"""

from kili_query.extras import load

load("kili_query.sandbox.server", "`kili_query.sandbox`", "sandbox")  # says what to install if something is missing

from kili_query.sandbox.faults import Fault  # noqa: E402
from kili_query.sandbox.misbehaviour import Misbehaviour  # noqa: E402
from kili_query.sandbox.server import Sandbox  # noqa: E402

__all__ = ["Fault", "Misbehaviour", "Sandbox"]
