"""Where settings come from, and which are refused."""

import json
from pathlib import Path

import pytest

from kili_query.client.settings import CONFIG_FILE, DEFAULT_ENDPOINT, Settings
from kili_query.errors import ArgumentError, AuthenticationFailed

ENDPOINT = "https://kili.example/api/label/v2/graphql"


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """A working folder and a home folder, both empty."""
    work, home = tmp_path / "work", tmp_path / "home"
    work.mkdir()
    home.mkdir()
    monkeypatch.chdir(work)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    return work, home


def configure(folder: Path, **entries: object) -> None:
    (folder / CONFIG_FILE).write_text(json.dumps(entries))


def resolve(*arguments: str, environ: dict[str, str] | None = None, **rest: object) -> Settings:
    return Settings.resolve(*arguments, environ=environ or {}, prompt=lambda: "", **rest)


def test_defaults() -> None:
    assert resolve("secret") == Settings("secret", DEFAULT_ENDPOINT, True, None, True, False)


def test_an_argument_goes_before_the_environment_and_that_before_the_config_file(folders: tuple[Path, Path]) -> None:
    _, home = folders
    configure(home, api_key="of-file", api_endpoint="https://file.example/graphql", verify_ssl=False, disable_tqdm=True)
    environ = {"KILI_API_KEY": "of-env", "KILI_API_ENDPOINT": ENDPOINT, "KILI_VERIFY": "yes", "KILI_DISABLE_TQDM": "0"}
    assert resolve() == Settings("of-file", "https://file.example/graphql", False, True)
    assert resolve(environ=environ) == Settings("of-env", ENDPOINT, True, False)
    assert resolve("given", "http://x/y", environ=environ, verify=False, disable_tqdm=True) == Settings(
        "given", "http://x/y", False, True
    )


@pytest.mark.parametrize("empty", ["", "  ", None])
def test_an_empty_key_is_no_key(empty: str | None) -> None:
    assert resolve(empty, environ={"KILI_API_KEY": "of-env"}).api_key == "of-env"
    with pytest.raises(
        AuthenticationFailed, match="environment variable `KILI_API_KEY`, or in Python give `api_key=…`"
    ):
        resolve(empty, environ={"KILI_API_KEY": ""})


def test_the_user_is_asked_last() -> None:
    assert Settings.resolve(environ={}, prompt=lambda: "typed\n").api_key == "typed"
    assert Settings.resolve("given", environ={}, prompt=lambda: "typed").api_key == "given"


def test_without_a_terminal_nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(AuthenticationFailed):
        Settings.resolve(environ={})


def test_the_space_around_a_key_is_not_part_of_it() -> None:
    assert resolve(" secret\n").api_key == "secret"


@pytest.mark.parametrize("key", ["two words", "line\nbreak", "clé", "nul\0", "tab\tbed"])
def test_what_no_header_can_hold_is_no_key_and_is_not_shown(key: str) -> None:
    for arguments, environ in (((key,), {}), ((), {"KILI_API_KEY": key})):
        with pytest.raises(ArgumentError, match="not an API key") as raised:
            resolve(*arguments, environ=environ)
        assert key not in str(raised.value)


def test_a_key_that_is_no_text() -> None:
    with pytest.raises(ArgumentError, match="`api_key` must be a text, not int"):
        Settings.resolve(3, environ={})  # type: ignore[arg-type]  # the mistake under test


@pytest.mark.parametrize(
    ("endpoint", "words"),
    [
        ("", "must be the URL"),
        ("  ", "must be the URL"),
        ("kili.example/graphql", "does not begin with"),
        ("ftp://kili.example/graphql", "does not begin with"),
        ("the-secret-key", "does not begin with"),
        ("https://", "names no host"),
        ("https:///graphql", "names no host"),
        ("https://kili.example:port/graphql", "not a URL"),
        ("https://kili.example:99999/graphql", "not a URL"),
        ("https://[::1/graphql", "not a URL"),
        ("https://me:the-secret-key@kili.example/graphql", "user name or a password"),
        ("https://kili.example/graphql?key=the-secret-key", "query or a fragment"),
        ("https://kili.example/graphql#x", "query or a fragment"),
        ("https://kili.example\\@other.example/graphql", "endpoint: "),
        ("https://kili example/graphql", "endpoint: "),
    ],
)
def test_a_bad_endpoint_is_refused_before_anything_is_sent(endpoint: str, words: str) -> None:
    with pytest.raises(ArgumentError, match=words) as raised:
        resolve("k", endpoint)
    assert "the-secret-key" not in str(raised.value)
    assert "`api_endpoint`" in str(raised.value)


def test_the_message_names_the_source() -> None:
    with pytest.raises(ArgumentError, match="`KILI_API_ENDPOINT` is not an endpoint"):
        resolve("k", environ={"KILI_API_ENDPOINT": "nonsense"})


@pytest.mark.parametrize(
    ("word", "verify"),
    [("true", True), ("YES", True), ("1", True), ("false", False), ("No", False), ("0", False), ("", True)],
)
def test_verify_in_the_environment(word: str, verify: bool) -> None:
    assert resolve("k", environ={"KILI_VERIFY": word}).verify is verify


def test_verify_may_be_the_path_of_an_authority(tmp_path: Path) -> None:
    authority = tmp_path / "authority.pem"
    authority.touch()
    assert resolve("k", environ={"KILI_VERIFY": str(authority)}).verify == str(authority)
    assert resolve("k", verify=str(authority)).verify == str(authority)


def test_a_slip_of_the_pen_does_not_switch_the_check_off() -> None:
    with pytest.raises(ArgumentError, match="`KILI_VERIFY` is neither true nor false nor a path that exists: `ture`"):
        resolve("k", environ={"KILI_VERIFY": "ture"})


def test_a_flag_that_is_neither_yes_nor_no() -> None:
    with pytest.raises(ArgumentError, match="`KILI_DISABLE_TQDM` must be true or false, not `maybe`"):
        resolve("k", environ={"KILI_DISABLE_TQDM": "maybe"})


@pytest.mark.parametrize("value", ["", "0", "false", "true"])
def test_checks_are_skipped_whatever_the_value(value: str) -> None:
    assert resolve("k", environ={"KILI_SDK_SKIP_CHECKS": value}).skips_checks
    assert not resolve("k").skips_checks


def test_compression_can_be_switched_off() -> None:
    assert not resolve("k", environ={"KILI_DISABLE_REQUEST_COMPRESSION": "1"}).compresses_requests
    assert resolve(
        "k", environ={"KILI_DISABLE_REQUEST_COMPRESSION": "1"}, disable_request_compression=False
    ) == Settings("k")


def test_the_working_folder_goes_before_the_home_folder(folders: tuple[Path, Path]) -> None:
    work, home = folders
    configure(home, api_key="of-home")
    configure(work, api_key="of-work", api_endpoint=ENDPOINT)
    assert resolve() == Settings("of-work", ENDPOINT)


@pytest.mark.parametrize("content", [b"{", b"[1]", b"\xff", b"[" * 100_000])
def test_a_config_file_that_cannot_be_read_is_warned_about(folders: tuple[Path, Path], content: bytes) -> None:
    work, home = folders
    (work / CONFIG_FILE).write_bytes(content)
    configure(home, api_key="of-home")
    with pytest.warns(UserWarning, match="is not used"):
        assert resolve().api_key == "of-home"


def test_a_folder_of_the_config_files_name(folders: tuple[Path, Path]) -> None:
    work, _ = folders
    (work / CONFIG_FILE).mkdir()
    with pytest.warns(UserWarning, match="cannot be read"):
        assert resolve("k").api_key == "k"


def test_what_is_given_is_not_looked_up(folders: tuple[Path, Path]) -> None:
    work, _ = folders
    configure(work, api_endpoint="https://other.example/graphql", verify_ssl=False)
    found = resolve("k", "https://mine.example/graphql", verify=True)
    assert (found.endpoint, found.verify) == ("https://mine.example/graphql", True)


@pytest.mark.parametrize("entry", [{"api_endpoint": "https://thief.example/graphql"}, {"verify_ssl": False}])
def test_a_working_folder_does_not_decide_where_a_key_from_elsewhere_goes(
    folders: tuple[Path, Path], entry: dict[str, object]
) -> None:
    work, home = folders
    configure(work, **entry)
    with pytest.raises(ArgumentError, match="cannot decide where a key goes that came from elsewhere"):
        resolve("secret")
    (work / CONFIG_FILE).rename(home / CONFIG_FILE)
    assert resolve("secret").api_key == "secret"


def test_an_entry_of_the_wrong_type(folders: tuple[Path, Path]) -> None:
    _, home = folders
    configure(home, disable_tqdm=[1])
    with pytest.raises(ArgumentError, match=f"`disable_tqdm in .*{CONFIG_FILE}` must be true or false"):
        resolve("k")


@pytest.mark.parametrize(
    ("endpoint", "websocket", "prefix"),
    [
        (
            ENDPOINT,
            "wss://kili.example/api/label/v2/graphql",
            "https://kili.example/api/label/v2",
        ),
        (
            "http://http.example:80/graphql/graphql",
            "ws://http.example:80/graphql/graphql",
            "http://http.example:80/graphql/graphql",
        ),
        (
            "http://[::1]:4000/graphql",
            "ws://[::1]:4000/graphql",
            "http://[::1]:4000/graphql",
        ),
    ],
)
def test_derived_urls(endpoint: str, websocket: str, prefix: str) -> None:
    settings = Settings("k", endpoint)
    assert (settings.websocket_url, settings.authenticated_prefix) == (websocket, prefix)


@pytest.mark.parametrize(
    ("url", "is_shown"),
    [
        (ENDPOINT, True),
        ("https://kili.example/api/label/v2", True),
        ("https://KILI.example:443/api/label/v2/files/1?x=..", True),
        ("https://kili.example:444/api/label/v2/files", False),
        ("http://kili.example/api/label/v2/files", False),
        ("https://kili.example/api/label/v20/files", False),
        ("https://kili.example/api/label/v2/../../files", False),
        ("https://kili.example/api/label/v2/%2e%2e/%2E./files", False),
        ("https://kili.example.thief.example/api/label/v2/files", False),
        ("https://kili.example@thief.example/api/label/v2/files", False),
        ("https://thief.example\\@kili.example/api/label/v2/files", False),
        ("https://thief.example#@kili.example/api/label/v2/files", False),
        ("//kili.example/api/label/v2/files", False),
        ("", False),
        ("https://[", False),
    ],
)
def test_the_key_is_shown_to_the_service_alone(url: str, is_shown: bool) -> None:
    assert Settings("k", ENDPOINT).is_authenticated(url) is is_shown


def test_the_key_is_in_no_representation() -> None:
    assert "the-secret-key" not in repr(Settings("the-secret-key")) + str(Settings("the-secret-key"))
