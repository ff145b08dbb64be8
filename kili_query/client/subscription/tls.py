"""Certificates of websockets, checked as those of calls over HTTP are."""

import ssl
from pathlib import Path
from urllib.parse import urlsplit

import requests
from requests.utils import DEFAULT_CA_BUNDLE_PATH

from kili_query.client.settings import Settings
from kili_query.errors import ArgumentError


def tls_context(settings: Settings) -> ssl.SSLContext | None:
    """How the service's certificate is checked: as ``verify`` says, and by default against what requests trusts.

    Returns:
        None where the endpoint is not secure.

    Raises:
        ArgumentError: the authorities that ``verify`` names cannot be read.
    """
    if urlsplit(settings.endpoint).scheme != "https":
        return None
    found = requests.Session().merge_environment_settings(settings.endpoint, {}, None, settings.verify, None)
    if not found["verify"]:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    trusted = Path(DEFAULT_CA_BUNDLE_PATH if found["verify"] is True else found["verify"])
    try:
        is_folder = trusted.is_dir()
        return ssl.create_default_context(
            cafile=None if is_folder else str(trusted), capath=str(trusted) if is_folder else None
        )
    except (OSError, ssl.SSLError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ArgumentError(f"`verify`: no certificate authority can be read from `{trusted}`: {reason}") from error
