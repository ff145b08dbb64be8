"""One label is made of the features of files, and appended to an asset."""

from collections.abc import Callable, Sequence
from os import PathLike
from typing import cast

from attrs import evolve

from kili_query.client.arguments import check_project_id, check_text, check_texts
from kili_query.client.ontologies import Projects
from kili_query.client.request import Service
from kili_query.client.warning import warn
from kili_query.client.writing.append import NewLabels, append_labels, check_new_labels
from kili_query.client.writing.batches import accounting_for
from kili_query.datasets.features import FeatureFile, LabelOfFeatures, told
from kili_query.datasets.geojson import check_geojson_arguments, label_of_geojson, read_feature_collection
from kili_query.errors import ArgumentError, MissingArgumentError
from kili_query.extras import load
from kili_query.ontology import Ontology
from kili_query.output_files import check_path


def append_label_of_geojson(
    service: Service,
    projects: Projects,
    new: NewLabels,
    paths: Sequence[str | PathLike[str]],
    job_names: Sequence[str] | None,
    category_names: Sequence[str] | None,
) -> dict[str, str]:
    """Append one label of all features of some GeoJSON files.

    Args:
        service: the service.
        projects: fetches the ontology as it is now.
        new: the label, without its content.
        paths: the files.
        job_names: for each file the job of all its features; by default the features say so.
        category_names: for each file their category, with ``job_names``.

    Returns:
        ``{"id": …}`` of the label.

    Raises:
        ArgumentError: an argument cannot be used; nothing was sent. Or the project has no such job, category or step;
            nothing was changed.
        SourceError: a file or a feature cannot be read; nothing was changed.
        NotFound: no such project, or no asset with the external id; nothing was changed.
        ServiceError: it failed. Its ``in_doubt`` or its ``not_sent`` holds the external id.
    """
    _check(new, "geojson_file_paths", paths)
    for name, names in (("job_names", job_names), ("category_names", category_names)):
        check_texts(name, names)
    check_geojson_arguments(paths, job_names, category_names)
    files = [read_feature_collection(path) for path in paths]
    return _append(
        service, projects, new, lambda ontology: label_of_geojson(files, ontology, job_names, category_names)
    )


def append_label_of_shapefiles(
    service: Service,
    projects: Projects,
    new: NewLabels,
    paths: Sequence[str | PathLike[str]],
    job_names: Sequence[str],
    category_names: Sequence[str],
    from_epsgs: Sequence[int] | None,
) -> dict[str, str]:
    """Append one label of all records of some shapefiles.

    Args:
        service: the service.
        projects: fetches the ontology as it is now.
        new: the label, without its content.
        paths: the files.
        job_names: for each file the job of all its records.
        category_names: for each file their category.
        from_epsgs: for each file the EPSG code to convert from; None to convert none.

    Returns:
        ``{"id": …}`` of the label.

    Raises:
        ArgumentError, SourceError, NotFound, ServiceError: as `append_label_of_geojson` does.
        MissingExtraError: the extra ``gis`` is not installed.
    """
    shapefiles = load("kili_query.datasets.shapefiles", "labels from shapefiles", "gis")
    _check(new, "shapefile_paths", paths)
    for name, names in (("job_names", job_names), ("category_names", category_names)):
        check_texts(name, names)
    if from_epsgs is not None and not isinstance(from_epsgs, list | tuple):
        raise ArgumentError(f"`from_epsgs` must be a list of EPSG codes, not {from_epsgs!r:.80}")
    files: Sequence[FeatureFile] = shapefiles.read_shapes(paths, job_names, category_names, from_epsgs)
    return _append(
        service,
        projects,
        new,
        lambda ontology: cast(LabelOfFeatures, shapefiles.label_of_shapes(files, ontology, job_names, category_names)),
    )


def _check(new: NewLabels, name: str, paths: object) -> None:
    """All that can be wrong with the arguments that the ways of reading share."""
    assert new.asset_external_id_array is not None
    check_project_id(new.project_id)
    (external_id,) = new.asset_external_id_array
    check_text("asset_external_id", external_id)
    if not external_id:
        raise MissingArgumentError("`asset_external_id` is empty: it names the asset that gets the label")
    check_new_labels(evolve(new, json_response_array=[{}]))
    if not isinstance(paths, list | tuple):
        raise ArgumentError(f"`{name}` must be a list of paths, not {paths!r:.80}")
    for index, path in enumerate(paths):
        check_path(f"{name}[{index}]", path)
    if not paths:
        raise MissingArgumentError(f"`{name}` is empty: give one file at least")


def _append(
    service: Service, projects: Projects, new: NewLabels, read: Callable[[Ontology], LabelOfFeatures]
) -> dict[str, str]:
    """Read the label once the ontology is known, and append it."""
    assert new.project_id is not None
    assert new.asset_external_id_array is not None
    with accounting_for(new.asset_external_id_array):
        label = read(projects.fetch(new.project_id))
        for note in label.notes:
            warn(note)
        if label.left_out:
            warn(told(f"{len(label.left_out)} features or parts of them were left out", label.left_out))
        (made,) = append_labels(service, evolve(new, json_response_array=[label.json_response]))
        return made
