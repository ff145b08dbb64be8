"""The ids of assets in several datasets that are read as one."""

from collections.abc import Mapping

from attrs import define, field

from kili_query.datasets.dataset import Dataset
from kili_query.errors import SourceError


@define
class AssetIds:
    """Finds different assets with the same id: many tools number the images of each file from 1.

    Attributes:
        is_needed: whether there are several datasets. Within one, the reader gives each asset an id of its own.
    """

    is_needed: bool
    _names: dict[object, str] = field(factory=dict, init=False)

    @classmethod
    def of(cls, source: object) -> "AssetIds":
        """Return the ids of a source, of which nothing was read.

        Args:
            source: as `with_datasets` returns it.
        """
        return cls(isinstance(source, list) and sum(isinstance(one, Dataset) for one in source) > 1)

    def check(self, label: Mapping[str, object]) -> None:
        """Note the asset of a label.

        Raises:
            SourceError: another asset has this id.

        >>> ids = AssetIds(True)
        >>> for name in ("train/1.jpg", "1.jpg", "2.jpg"):
        ...     ids.check({"labelOf": {"id": "7", "externalId": name}})
        Traceback (most recent call last):
        ...
        kili_query.errors.SourceError: the datasets use the id `7` for `1.jpg` and for `2.jpg`: put them in one folder
        """
        owner = label.get("labelOf")
        if not self.is_needed or not isinstance(owner, Mapping):
            return
        number, name = owner.get("id"), str(owner.get("externalId")).rpartition("/")[2]
        other = self._names.setdefault(number, name)
        if other != name:
            raise SourceError(
                f"the datasets use the id `{number!s:.80}` for `{other:.80}` and for `{name:.80}`: "
                "put them in one folder"
            )
