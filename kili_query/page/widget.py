"""The page as a widget of a notebook: the same component, whose calls travel as messages to the kernel."""

from pathlib import Path
from typing import Any

import anywidget
import traitlets

from kili_query.page.messages import reply
from kili_query.page.source import PageSource


class PageWidget(anywidget.AnyWidget):
    """The page over some labels.

    Attributes:
        query: the query in the editor. Setting it shows another one.
        source: the labels.
    """

    _esm = Path(__file__).parent / "built" / "component.js"
    query = traitlets.Unicode("").tag(sync=True)

    def __init__(self, source: PageSource, query: str = "") -> None:
        super().__init__(query=query)
        self.source = source
        self.on_msg(self._answer)

    def _answer(self, _: object, message: Any, __: object) -> None:
        """Answer a message of the component; other messages are not for this widget."""
        if isinstance(message, dict) and "call" in message:
            answer, data = reply(self.source, message)
            self.send(answer, None if data is None else [data])
