"""``python -m kili_query`` is the ``kili-query`` command."""

import sys

from kili_query.cli import main

sys.exit(main())
