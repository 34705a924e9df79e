"""Keeps the values of keys out of texts and logs, whoever writes them and in whatever form."""

from __future__ import annotations

import base64
import contextlib
import logging
import re
import traceback
from typing import Any
from urllib.parse import quote

__all__ = ["hide", "redact"]

CHATTY = {"httpx", "httpcore"}
"""Libraries that log whole addresses; those of results are often signed: keys for a day."""

SIGNED = re.compile(r"(https?://[^\s?\"'<>]+)\?[^\s\"'<>]+")

_shapes: list[str] = []


def redact(text: str) -> str:
    """`text` without any key that is held, as it is, URL-encoded or in base64."""
    for shape in _shapes:
        text = text.replace(shape, "**********")
    return text


def hide(value: str) -> None:
    """Replace this value by stars from now on, in every log of this process."""
    if len(value) < 6 or value in _shapes:
        return  # so short a value would blot out words
    raw = value.encode()
    shapes = {value, quote(value, safe=""), repr(value)[1:-1]}
    shapes |= {base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode()}
    if not _shapes:
        logging.setLogRecordFactory(_Clean(logging.getLogRecordFactory()))
    _shapes.extend(sorted(shapes, key=len, reverse=True))


class _Clean:
    """Makes log records without keys in them, whichever logger and handler they go through."""

    def __init__(self, make: Any) -> None:
        self._make = make

    def __call__(self, *args: Any, **kwargs: Any) -> logging.LogRecord:
        record: logging.LogRecord = self._make(*args, **kwargs)
        with contextlib.suppress(Exception):  # a log that cannot be made fails where it is written
            said = record.getMessage()
            clean = redact(said)
            if record.name.partition(".")[0] in CHATTY:
                clean = SIGNED.sub(r"\1?**********", clean)
            if clean != said:
                record.msg, record.args = clean, ()
            if record.exc_info and record.exc_info[1] is not None:
                trace = "".join(traceback.format_exception(record.exc_info[1])).rstrip("\n")
                if (clean := redact(trace)) != trace:
                    record.exc_info, record.exc_text = None, clean
        return record
