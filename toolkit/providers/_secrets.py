"""Keys: found without being asked for where possible, held so that they do not slip out.

A key travels in a header, to the service's own origin, and nowhere else: not into a `repr`, a
pickle, a log or a child process that does not need it. Logs are cleaned by the key's *value*, so
that it does not matter who wrote them.
"""

from __future__ import annotations

import getpass
import os
import sys
import threading
from collections.abc import Generator, Mapping, Sequence
from typing import NoReturn

import httpx
from pydantic import SecretStr

from toolkit.errors import ProviderError
from toolkit.providers._http import origin
from toolkit.providers._redact import hide, redact

__all__ = ["Key", "KeyAuth", "NoKeyError", "find_key", "has_key", "held", "hold", "redact"]

SERVICE = "promptgrid"  # under which a keyring keeps them

_held: dict[str, Key] = {}


class NoKeyError(ProviderError):
    """A service's key that is set nowhere."""


class Key(SecretStr):
    """A secret that shows as `**********` and refuses to be pickled."""

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a key is not pickled: let the other process find its own")


def find_key(names: str | Sequence[str], *, provider: str, ask: bool = True) -> Key:
    """The first key that one of `names` has: environment, then keyring, then a hidden question.

    It is asked for only where a person is there to answer: a terminal or a notebook, and its main
    thread. `NoKeyError` says which variable to set.
    """
    wanted = [names] if isinstance(names, str) else list(names)
    for name in wanted:
        value = _environ(name) or _keyring(name)
        if value:
            return hold(name, value)
    if ask and _somebody_is_there():
        value = _ask(f"{wanted[0]} (hidden, kept until this process ends): ")
        if value:
            return hold(wanted[0], value, asked=True)
    raise NoKeyError(
        f"no key; set the environment variable {wanted[0]}, or keep it in the keyring: "
        f"`keyring set {SERVICE} {wanted[0]}`",
        provider=provider,
    ) from None


def has_key(names: str | Sequence[str]) -> bool:
    """Whether one is there without asking; never its value."""
    wanted = [names] if isinstance(names, str) else names
    return any(_environ(name) or _keyring(name) for name in wanted)


def hold(name: str, value: str, *, asked: bool = False) -> Key:
    """Make a key of a value, and keep that value out of every log from now on."""
    key = Key(value)
    if asked:
        _held[name] = key
    hide(value)
    return key


def held() -> Mapping[str, str]:
    """Keys that a person typed, by name: what a worker process of theirs cannot find by itself."""
    return {name: key.get_secret_value() for name, key in _held.items()}


def _environ(name: str) -> str:
    kept = _held.get(name)
    return kept.get_secret_value() if kept is not None else os.environ.get(name, "").strip()


def _keyring(name: str) -> str:
    try:
        import keyring

        return (keyring.get_password(SERVICE, name) or "").strip()
    except Exception:  # noqa: BLE001 - a keyring that is locked, broken or missing holds no key
        return ""


def _ask(question: str) -> str:
    try:
        return getpass.getpass(question).strip()
    except Exception:  # noqa: BLE001 - a notebook that is run by a program takes no answers
        return ""


def _somebody_is_there() -> bool:
    if threading.current_thread() is not threading.main_thread():
        return False
    ipython = sys.modules.get("IPython")
    if ipython is not None and getattr(ipython.get_ipython(), "kernel", None) is not None:
        return True
    return bool(sys.stdin and sys.stdin.isatty() and sys.stderr.isatty())


class KeyAuth(httpx.Auth):
    """Puts the key into a header of requests to `base_url`'s origin, at the moment of sending."""

    def __init__(
        self, key: Key, base_url: str, *, header: str = "authorization", form: str = "Bearer {}"
    ) -> None:
        self._key = key
        self._origin = origin(base_url)
        self._header = header
        self._form = form

    def __reduce__(self) -> NoReturn:
        raise TypeError("what holds a key is not pickled")

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the header; never to another host."""
        if origin(str(request.url)) == self._origin:
            request.headers[self._header] = self._form.format(self._key.get_secret_value())
        yield request
