"""Labels as pictures: their geometry over the image, or over a blank canvas; needs Pillow, the extra ``export``."""

from kili_query.extras import load

load("kili_query.pictures.canvas", "`kili_query.pictures`", "export")  # says what to install, where something lacks

from kili_query.labels.drawn import Drawing  # noqa: E402
from kili_query.pictures.canvas import draw_label  # noqa: E402
from kili_query.pictures.drawing import drawing_of  # noqa: E402
from kili_query.pictures.lettering import missing_characters  # noqa: E402
from kili_query.pictures.notebook import html_of, png_of  # noqa: E402
from kili_query.pictures.sheet import Tile, contact_sheet  # noqa: E402

__all__ = ["Drawing", "Tile", "contact_sheet", "draw_label", "drawing_of", "html_of", "missing_characters", "png_of"]
