"""How the commands that use a server reach it, and what they report of it."""

from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from kili_query.extras import load
from kili_query.ontology import Ontology
from kili_query.planning import DEFAULT_PROFILE, STRICT_PROFILE, ServerProfile

if TYPE_CHECKING:
    from kili_query.client import KiliClient


ProjectArgument: TypeAlias = Annotated[
    str, typer.Argument(metavar="PROJECT", show_default=False, help="The id of the project.")
]
EndpointOption: TypeAlias = Annotated[
    str | None,
    typer.Option("--endpoint", metavar="URL", help="The GraphQL endpoint, in place of KILI_API_ENDPOINT."),
]
_PROFILES = {"default": DEFAULT_PROFILE, "strict": STRICT_PROFILE}


def load_profile(option: str | None) -> ServerProfile:
    """Return the profile of a name or of a file.

    Raises:
        ArgumentError: the file cannot be read, or does not hold a profile.
    """
    name = option or "default"
    return _PROFILES[name] if name in _PROFILES else ServerProfile.load(name)


@contextmanager
def connected(
    command: str,
    endpoint: str | None,
    *,
    profile: ServerProfile = DEFAULT_PROFILE,
    ontologies: MutableMapping[str, Ontology] | None = None,
    skips_malformed: bool = True,
) -> Iterator["KiliClient"]:
    """A client of the server that options, environment and config file name; its warnings go to standard error.

    Args:
        command: the name of the command, for who has not installed what it needs.
        endpoint: the option.
        profile: what the server is trusted with.
        ontologies: what is known of projects already, by their ids.
        skips_malformed: labels whose content cannot be read are left out, with a warning; else they end the command.

    Raises:
        MissingExtraError: the extra ``client`` is not installed.
        ArgumentError, AuthenticationFailed, ServiceError: the server cannot be asked.
    """
    client: type[KiliClient] = load("kili_query.client", f"`kili-query {command}`", "client").KiliClient
    with client(
        api_endpoint=endpoint,
        profile=profile,
        ontology_cache=True if ontologies is None else ontologies,
        disable_tqdm=True,
        on_malformed="skip" if skips_malformed else "raise",
    ) as opened:
        yield opened
