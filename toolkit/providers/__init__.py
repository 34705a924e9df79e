"""One file a service. A provider translates and does nothing else; see `seams.Provider`.

A file here offers `provider(folder) -> Provider`. Beside what the seam asks for, a provider may
have `download_hosts` (host names, or `*.name` for all below it, from which results may be fetched),
`base_url` (what a person configured: its host may be fetched from as it is, loopback and plain
http included) and `async def aclose()`. A key is found by `_secrets.find_key` and sent by
`_secrets.KeyAuth`; paid requests go through `_http.post_once`.
"""
