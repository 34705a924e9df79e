"""In which order runs are sent: whenever one stops, every arm has had nearly as many."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from toolkit.store import Store

__all__ = ["balanced", "order_runs"]

_CHUNK = 256


def balanced(factors: Sequence[Sequence[object]]) -> list[int]:
    """An order of `factors`' rows that keeps the levels of every column evenly served.

    Each step takes the row whose levels were taken least often so far; of equals, the first.
    """
    if not factors:
        return []
    codes = np.empty((len(factors), len(factors[0])), dtype=np.int64)
    offset = 0
    for column in range(codes.shape[1]):
        levels: dict[object, int] = {}
        for row, values in enumerate(factors):
            codes[row, column] = offset + levels.setdefault(values[column], len(levels))
        offset += len(levels)
    taken = np.zeros(offset, dtype=np.int64)
    order: list[int] = []
    for start in range(0, len(codes), _CHUNK):
        rest = np.arange(start, min(start + _CHUNK, len(codes)))
        while rest.size:
            best = int((taken[codes[rest]] ** 2).sum(axis=1).argmin())
            order.append(int(rest[best]))
            taken[codes[rest[best]]] += 1
            rest = np.delete(rest, best)
    return order


def order_runs(store: Store, keys: Iterable[str]) -> list[str]:
    """`keys` in the order in which they are sent: first samples first, arms in turn."""
    rows = store.run_columns(keys)
    names = [name for name in rows if name.startswith("prompt.") and name != "prompt.used"]
    names += ["model"]
    params = sorted({name for row in rows["params"] for name in row if name != "seed"})
    columns: list[list[object]] = [list(rows[name]) for name in names]
    columns += [[repr(row.get(name)) for row in rows["params"]] for name in params]
    columns = [column for column in columns if len(set(column)) > 1]
    keys_of: dict[int, list[int]] = {}
    for index, sample in enumerate(rows["sample"]):
        keys_of.setdefault(sample, []).append(index)
    ordered: list[str] = []
    for sample in sorted(keys_of):
        # spread first: an order by hash has no pattern that a chunk's edge could favour
        indices = sorted(keys_of[sample], key=lambda i: rows["run_key"][i])
        factors = [[column[i] for column in columns] for i in indices]
        chosen = balanced(factors) if columns else range(len(indices))
        ordered += [rows["run_key"][indices[i]] for i in chosen]
    return ordered
