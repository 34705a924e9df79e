"""Messages to and from a decode process: JSON plus raw arrays, and never a pickle coming back.

A decoder that a hostile clip has taken over may send anything, so what it sends can only become one
of the plain types below, our frozen records, arrays and bytes.
"""

from __future__ import annotations

import dataclasses
import json
import struct
from fractions import Fraction
from typing import Any, BinaryIO

import numpy as np

from toolkit.records import Clip, Frame, Reading

__all__ = ["Closed", "read", "read_bytes", "write", "write_bytes"]

_HEAD = struct.Struct("<QI")  # length of the JSON, number of raw blocks
_SIZE = struct.Struct("<Q")
_MAX_JSON = 256 << 20
_MAX_BLOCK = 4 << 30
_RECORDS: dict[str, Any] = {"Clip": Clip, "Reading": Reading, "Frame": Frame}


class Closed(EOFError):
    """The other side is gone."""


def _encode(value: Any, blocks: list[memoryview]) -> Any:
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        if value.dtype.kind not in "biuf":
            raise TypeError(f"an array of {value.dtype} cannot leave a decode process")
        blocks.append(np.ascontiguousarray(value).reshape(-1).view(np.uint8).data)
        return {"a": [value.dtype.str, list(value.shape)]}
    if isinstance(value, (bytes, bytearray)):
        blocks.append(memoryview(value))
        return {"b": len(value)}
    if isinstance(value, Fraction):
        return {"q": [value.numerator, value.denominator]}
    if isinstance(value, (list, tuple)):
        return {"l" if isinstance(value, list) else "t": [_encode(item, blocks) for item in value]}
    if isinstance(value, dict):
        return {"d": [[_encode(k, blocks), _encode(v, blocks)] for k, v in value.items()]}
    name = type(value).__name__
    if _RECORDS.get(name) is type(value):
        fields = {f.name: getattr(value, f.name) for f in dataclasses.fields(_RECORDS[name])}
        return {"r": [name, _encode(fields, blocks)]}
    raise TypeError(f"a {name} cannot leave a decode process; return plain data, arrays or records")


def _decode(node: Any, blocks: list[memoryview]) -> Any:
    if not isinstance(node, dict):
        return node
    ((kind, body),) = node.items()
    if kind == "a":
        dtype = np.dtype(body[0])
        if dtype.kind not in "biuf":
            raise ValueError(f"an array of {dtype} came from a decode process")
        return np.frombuffer(blocks.pop(0), dtype).reshape(body[1])
    if kind == "b":
        return bytes(blocks.pop(0))
    if kind == "q":
        return Fraction(body[0], body[1])
    if kind == "l":
        return [_decode(item, blocks) for item in body]
    if kind == "t":
        return tuple(_decode(item, blocks) for item in body)
    if kind == "d":
        return {_decode(k, blocks): _decode(v, blocks) for k, v in body}
    if kind == "r":
        return _RECORDS[body[0]](**_decode(body[1], blocks))
    raise ValueError(f"unknown node {kind!r} from a decode process")


def write(stream: BinaryIO, value: Any) -> None:
    """Send one value of the closed set; `TypeError` names what does not belong to it."""
    blocks: list[memoryview] = []
    text = json.dumps(_encode(value, blocks)).encode()
    stream.write(_HEAD.pack(len(text), len(blocks)) + text)
    for block in blocks:
        stream.write(_SIZE.pack(block.nbytes))
        stream.write(block)
    stream.flush()


def read(stream: BinaryIO) -> Any:
    """The next value; `Closed` when the other side ended, in the middle of a message too."""
    length, count = _HEAD.unpack(_exactly(stream, _HEAD.size))
    if length > _MAX_JSON or count > 1_000_000:
        raise ValueError("a message of impossible size came from a decode process")
    node = json.loads(bytes(_exactly(stream, length)))
    blocks = [read_bytes(stream) for _ in range(count)]
    return _decode(node, blocks)


def write_bytes(stream: BinaryIO, data: bytes) -> None:
    stream.write(_SIZE.pack(len(data)) + data)
    stream.flush()


def read_bytes(stream: BinaryIO) -> memoryview:
    (size,) = _SIZE.unpack(_exactly(stream, _SIZE.size))
    if size > _MAX_BLOCK:
        raise ValueError("a block of impossible size came from a decode process")
    return _exactly(stream, size)


def _exactly(stream: BinaryIO, size: int) -> memoryview:
    buffer = np.empty(size, np.uint8).data
    done = 0
    while done < size:
        got = stream.readinto(buffer[done:])  # type: ignore[attr-defined]
        if not got:
            raise Closed(f"ended after {done} of {size} bytes")
        done += got
    return buffer
