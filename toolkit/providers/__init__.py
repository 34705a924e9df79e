"""One file a service. A provider translates and does nothing else; see `seams.Provider`.

A file here offers `provider(folder) -> Provider`. Beside what the seam asks for, a provider may
have `download_hosts` (host names, or `*.name` for all below it, from which results may be fetched),
`base_url` (what a person configured: its host may be fetched from as it is, loopback and plain
http included) and `async def aclose()`. A key is found by `_secrets.find_key` and sent by
`_secrets.KeyAuth`; paid requests go through `_http.post_once`.

Two module constants say what a person must know before: `KEYS`, the environment variables that may
hold its key (the first is the one to set; none means that it wants no key), and `BASE_URL`, where
it is asked unless `PROMPTGRID_<SERVICE>_URL` says otherwise.
"""

from __future__ import annotations

from toolkit import discover

__all__ = ["keys_of"]


def keys_of(service: str) -> tuple[str, ...]:
    """The environment variables that may hold a service's key, the one to set first."""
    return tuple(getattr(discover.load("providers", service), "KEYS", ()))
