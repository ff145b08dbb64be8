"""How a request shows its key: the ``Authorization`` header, which websockets send in their first frame."""

_SCHEME = "X-API-Key: "


def authorization(api_key: str) -> str:
    """The value of the header ``Authorization``.

    >>> authorization("secret")
    'X-API-Key: secret'
    """
    return _SCHEME + api_key


def key_of(header: str) -> str | None:
    """The key in the value of a header ``Authorization``; None where it is of another scheme.

    >>> key_of("X-API-Key: secret"), key_of("Bearer secret")
    ('secret', None)
    """
    return header[len(_SCHEME) :] if header.startswith(_SCHEME) else None
