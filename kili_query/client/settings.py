"""The settings of a client: key, endpoint, certificates. They are checked before anything is sent."""

import getpass
import json
import os
import re
import sys
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import NoReturn, TypeAlias
from urllib.parse import quote, quote_plus, urlsplit, urlunsplit

from attrs import field, frozen
from urllib3.exceptions import LocationParseError
from urllib3.util import Url, parse_url

from kili_query.client.request import MAX_ANSWER_BYTES
from kili_query.client.warning import warn
from kili_query.errors import ArgumentError, AuthenticationFailed
from kili_query.wording import shortened

DEFAULT_ENDPOINT = "https://cloud.kili-technology.com/api/label/v2/graphql"
CONFIG_FILE = "kili-sdk-config.json"
LARGER_ANSWERS = "ask for fewer fields, or in Python give a larger `max_answer_bytes=…`"
"""The advice on an answer that is larger."""

_TRUE = ("true", "1", "yes", "on")
_FALSE = ("false", "0", "no", "off")
_PERCENT = re.compile("%[0-9A-F]{2}")
_Given: TypeAlias = tuple[object, str]
"""A value, and where it came from."""
_DEFAULT_PORTS = {"http": 80, "https": 443}


@frozen
class Settings:
    """How to reach the service, and as whom.

    Attributes:
        api_key: the key; no representation, message or URL shows it.
        endpoint: the URL of the GraphQL endpoint.
        verify: whether certificates are checked, or the path of the authorities to check them against.
        disable_tqdm: whether progress bars are hidden; None where nobody said.
        compresses_requests: large bodies are sent compressed.
        skips_checks: the key is not checked at start-up.
        max_answer_bytes: how much an answer may hold, once it is inflated.
    """

    api_key: str = field(repr=False)
    endpoint: str = DEFAULT_ENDPOINT
    verify: bool | str = True
    disable_tqdm: bool | None = None
    compresses_requests: bool = True
    skips_checks: bool = False
    max_answer_bytes: int = MAX_ANSWER_BYTES

    def __reduce__(self) -> NoReturn:
        raise TypeError("what holds the API key is not pickled: make a client in each process")

    @classmethod
    def resolve(
        cls,
        api_key: str | None = None,
        api_endpoint: str | None = None,
        *,
        verify: bool | str | None = None,
        disable_tqdm: bool | None = None,
        disable_request_compression: bool | None = None,
        max_answer_bytes: int = MAX_ANSWER_BYTES,
        environ: Mapping[str, str] | None = None,
        prompt: Callable[[], str] | None = None,
    ) -> "Settings":
        """Settle each setting: the argument, else the environment, else the config file, else the default.

        The environment is ``KILI_API_KEY``, ``KILI_API_ENDPOINT``, ``KILI_VERIFY`` (true, false, or the path of a file
        or folder of certificate authorities), ``KILI_DISABLE_TQDM``, ``KILI_DISABLE_REQUEST_COMPRESSION`` and
        ``KILI_SDK_SKIP_CHECKS`` (whatever its value). The config file is ``kili-sdk-config.json`` in the working
        folder, else in the home folder, with the keys ``api_key``, ``api_endpoint``, ``verify_ssl``, ``disable_tqdm``
        and ``disable_request_compression``.

        A working folder may come from anyone, so its config file has no say in where a key goes that came from
        elsewhere: such an endpoint, or such a ``verify_ssl``, is refused.

        Args:
            max_answer_bytes: how much an answer may hold, once it is inflated.
            environ: the environment; by default that of the process.
            prompt: asks the user for a key that was found nowhere; by default without echo, on a terminal alone.

        Raises:
            AuthenticationFailed: there is no key.
            ArgumentError: a setting cannot be used; the message says where it came from.

        >>> Settings.resolve("secret", "http://localhost:4000/api/label/v2/graphql", environ={}).websocket_url
        'ws://localhost:4000/api/label/v2/graphql'
        """
        environment = os.environ if environ is None else environ
        config = _Config.find()
        key, is_own_key = _key(api_key, environment, config, prompt or _ask_for_key)

        def settle(name: str, given: object, variable: str, entry: str, *, leads_key: bool = False) -> _Given:
            for source, value in ((name, given), (variable, environment.get(variable) or None)):
                if value is not None:
                    return value, source
            return config.entry(entry, is_own_key or not leads_key)

        endpoint = settle("api_endpoint", api_endpoint, "KILI_API_ENDPOINT", "api_endpoint", leads_key=True)
        trust = settle("verify", verify, "KILI_VERIFY", "verify_ssl", leads_key=True)
        hidden = settle("disable_tqdm", disable_tqdm, "KILI_DISABLE_TQDM", "disable_tqdm")
        plain = "disable_request_compression"
        is_plain = settle(plain, disable_request_compression, f"KILI_{plain.upper()}", plain)
        return cls(
            api_key=key,
            endpoint=DEFAULT_ENDPOINT if endpoint[0] is None else _checked_endpoint(*endpoint),
            verify=True if trust[0] is None else _trust(*trust),
            disable_tqdm=None if hidden[0] is None else _flag(*hidden),
            compresses_requests=is_plain[0] is None or not _flag(*is_plain),
            skips_checks="KILI_SDK_SKIP_CHECKS" in environment,
            max_answer_bytes=_checked_size("max_answer_bytes", max_answer_bytes),
        )

    @property
    def websocket_url(self) -> str:
        """Where subscriptions connect: the endpoint over ``ws``, or ``wss`` where the endpoint is ``https``."""
        parts = urlsplit(self.endpoint)
        return urlunsplit(parts._replace(scheme="wss" if parts.scheme == "https" else "ws"))

    @property
    def authenticated_prefix(self) -> str:
        """Return the start that all URLs of the service share; an endpoint of another form stands alone."""
        is_usual = urlsplit(self.endpoint).path.endswith("/api/label/v2/graphql")
        return self.endpoint.removesuffix("/graphql") if is_usual else self.endpoint

    def is_authenticated(self, url: str | Url) -> bool:
        """Whether a request to the URL shows the key: its scheme, host and port are the service's, and so is its path.

        Args:
            url: the URL; best as the parser read it by which the connection is opened, so that both see the same host.

        >>> settings = Settings("secret", "https://kili.example/api/label/v2/graphql")
        >>> settings.is_authenticated("https://kili.example/api/label/v2/files/1")
        True
        >>> settings.is_authenticated("https://kili.example/api/label/v2-of-another/1")
        False
        """
        try:
            asked = url if isinstance(url, Url) else parse_url(url)  # which also resolves `..`
            own = parse_url(self.authenticated_prefix)
        except LocationParseError:
            return False
        path, prefix = asked.path or "/", own.path or ""
        is_below = path == prefix or path.startswith(prefix.rstrip("/") + "/")
        return _origin(asked) == _origin(own) and is_below and ".." not in path.replace("%2E", ".").replace("%2e", ".")

    def redacted(self, text: str) -> str:
        """The text without the key, in whatever form URLs, pages, JSON and headers write it.

        >>> Settings("secret").redacted("no user has the key secret")
        'no user has the key [api key]'
        """
        for form in _forms(self.api_key):
            text = text.replace(form, "[api key]")
        return text

    def excerpt(self, text: str, most_chars: int) -> str:
        """The beginning of a text that came from elsewhere. The key is taken out first: a part of it would stay.

        >>> Settings("secret").excerpt("the key is secret, they say", 15)
        'the key is [api…'
        """
        return shortened(self.redacted(text), most_chars + 1)


@frozen
class _Config:
    """The entries of a config file; none where there is no file."""

    path: Path = field(factory=Path)
    entries: dict[str, object] = field(factory=dict, repr=False)
    is_of_working_folder: bool = False

    @classmethod
    def find(cls) -> "_Config":
        """The first config file that can be read; the others are warned about."""
        for folder in (Path.cwd(), _home()):
            path = folder / CONFIG_FILE
            try:
                entries = json.loads(path.read_text(encoding="utf-8"))
            except (FileNotFoundError, NotADirectoryError):
                continue
            except (OSError, ValueError, RecursionError) as error:
                # the text of a JSON error quotes nothing of the file, so that no key is shown
                warn(f"`{path}` is not used, it cannot be read: {error}")
                continue
            if isinstance(entries, dict):
                return cls(path, entries, is_of_working_folder=folder != _home())
            warn(f"`{path}` is not used, it is not a JSON object")
        return cls()

    def entry(self, name: str, is_own_key: bool = True) -> "_Given":
        """Return the value of an entry, and where it stands.

        Args:
            name: the entry.
            is_own_key: the key comes from this file too, or the entry does not decide where the key goes.

        Raises:
            ArgumentError: the entry would send a key elsewhere than its owner knows.
        """
        source, value = f"{name} in {self.path}", self.entries.get(name)
        if value is not None and self.is_of_working_folder and not is_own_key:
            raise ArgumentError(
                f"`{source}` cannot decide where a key goes that came from elsewhere: "
                "give the argument, set the variable, or put the config file in the home folder"
            )
        return value, source


@lru_cache(maxsize=16)
def _forms(key: str) -> tuple[str, ...]:
    """The key, and what others may make of it, the longest first."""
    quoted = {quote(key), quote(key, safe=""), quote_plus(key)}
    in_json = json.dumps(key)[1:-1]
    encoded = {encode(key.encode()).decode().rstrip("=") for encode in (b64encode, urlsafe_b64encode)}
    forms = {
        key,
        *quoted,
        *(_PERCENT.sub(lambda found: found[0].lower(), form) for form in quoted),
        in_json,
        in_json.replace("/", "\\/"),
    }
    return tuple(sorted({*forms, *encoded, escape(key)} - {""}, key=len, reverse=True))


def _home() -> Path:
    try:
        return Path.home()
    except RuntimeError:
        return Path.cwd()  # no home folder: nowhere else to look


def _key(
    given: str | None, environment: Mapping[str, str], config: _Config, prompt: Callable[[], str]
) -> tuple[str, bool]:
    """The key, and whether it is that of the config file."""
    for source, value in (("api_key", given), ("KILI_API_KEY", environment.get("KILI_API_KEY"))):
        if key := _checked_key(value, source):
            return key, False
    entry, source = config.entry("api_key")
    if key := _checked_key(entry, source):
        return key, True
    if key := _checked_key(prompt(), "the key that was typed"):
        return key, False
    raise AuthenticationFailed("no API key: set the environment variable `KILI_API_KEY`, or in Python give `api_key=…`")


def _ask_for_key() -> str:
    if not (sys.stdin and sys.stdin.isatty()):
        return ""
    return getpass.getpass("Kili API key: ")


def _checked_key(value: object, source: str) -> str:
    """The key without the white space around it, as left by files and copying; empty where there is none."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ArgumentError(f"`{source}` must be a text, not {type(value).__name__}")
    key = value.strip()
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise ArgumentError(f"`{source}` is not an API key: it holds a space or a character that no key has")
    return key


def _checked_endpoint(value: object, source: str) -> str:
    """The endpoint as one that can be called."""
    if not isinstance(value, str) or not value.strip():
        raise ArgumentError(f"`{source}` must be the URL of the GraphQL endpoint, such as `{DEFAULT_ENDPOINT}`")
    endpoint = value.strip()
    try:
        parts, dialled = urlsplit(endpoint), parse_url(endpoint)
        port = parts.port
    except (ValueError, LocationParseError):
        _refuse_endpoint(source, "it is not a URL")
    if parts.username is not None or parts.password is not None or dialled.auth:
        _refuse_endpoint(source, "it holds a user name or a password; give the key as `api_key`")
    if parts.scheme not in _DEFAULT_PORTS:
        # the value is not shown: it may be the key, given in the endpoint's place
        _refuse_endpoint(source, "it does not begin with `https://` or `http://`")
    if not parts.hostname or "\\" in endpoint or " " in endpoint or port == 0:
        _refuse_endpoint(source, f"`{endpoint}` names no host that can be called")
    if parts.query or parts.fragment:
        _refuse_endpoint(source, "it has a query or a fragment (`?` or `#`)")
    return endpoint


def _refuse_endpoint(source: str, reason: str) -> NoReturn:
    # without `from`: the foreign message repeats the URL, which may hold a password
    raise ArgumentError(f"`{source}` is not an endpoint: {reason}") from None


def _checked_size(name: str, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ArgumentError(f"`{name}` must be a number of bytes above 0, not {value!r:.80}")
    return value


def _trust(value: object, source: str) -> bool | str:
    """Whether, and against what, certificates are checked.

    Unlike the official client, which reads every unknown word of ``KILI_VERIFY`` as false, a word that is neither yes
    nor no is a path: a slip of the pen must not turn the check off.
    """
    if isinstance(value, str) and value.strip().lower() not in (*_TRUE, *_FALSE):
        path = Path(value.strip()).expanduser()
        if not path.exists():
            raise ArgumentError(f"`{source}` is neither true nor false nor a path that exists: `{value}`")
        return str(path)
    return _flag(value, source)


def _flag(value: object, source: str) -> bool:
    if isinstance(value, bool):
        return value
    word = value.strip().lower() if isinstance(value, str) else ""
    if word not in (*_TRUE, *_FALSE):
        raise ArgumentError(f"`{source}` must be true or false, not `{value}`")
    return word in _TRUE


def _origin(url: Url) -> tuple[str, str, int]:
    scheme, host = (url.scheme or "").lower(), (url.host or "").lower()
    return scheme, host, url.port or _DEFAULT_PORTS.get(scheme, 0)
