"""What the ledger says: was anything paid twice, or lost?"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from tests.storm.kernel import PRICE
from toolkit.records import State
from toolkit.simulator.http_service import Ledger
from toolkit.store import Store
from toolkit.store.life import group_hash

ASKS = (State.UNKNOWN, State.HOLD)


def judge(experiment: Path, ledger_file: Path) -> dict[str, Any]:
    """`double`: charges beyond one a run, identical runs counted together, for they cannot be told
    apart. `lost`: charged jobs that no attempt names while no run of the group asks the person.
    """
    ledger = Ledger(ledger_file)
    charges = ledger.charges()
    ledger.close()
    with Store.open(experiment) as store:
        runs = store.runs()
        named = {attempt.job["id"] for attempt in store.attempts() if attempt.job is not None}
        group_of = {run.key: group_hash(run.spec) for run in runs}
        wanted = Counter(group_of.values())
        charged = Counter(group_of[key] for key in charges.values())
        asking = {group_of[run.key] for run in runs if run.state in ASKS}
        lost = [j for j, k in charges.items() if j not in named and group_of[k] not in asking]
        without_file = [
            run.id for run in runs
            if run.state is State.DONE and not store.clip_path(run.clip_sha256 or "").exists()
        ]  # fmt: skip
        purse = store.budget().real
        with store.reading() as conn:
            sound = conn.exec_driver_sql("PRAGMA integrity_check").scalar()
        fences = store.events()
    broken = experiment.parent / "broken.txt"
    troubles = broken.read_text().splitlines() if broken.exists() else []
    return {
        "runs": len(runs),
        "states": {str(s): n for s, n in Counter(run.state for run in runs).items()},
        "charges": len(charges),
        "double": sum(max(0, charged[group] - wanted[group]) for group in charged),
        "lost": len(lost),
        "done_without_file": len(without_file),
        "spent_equals_ledger": purse.spent_micro_usd == len(charges) * PRICE,
        "reserved_micro_usd": purse.reserved_micro_usd,
        "adopted": sum("adopted" in event["detail"] for event in fences),
        "declared_absent": sum("absent" in event["detail"] for event in fences),
        "guarded": sum("held back" in str(e["detail"].get("not_sent")) for e in fences),
        "locked_errors": sum("locked" in line or "busy" in line for line in troubles),
        "other_errors": [line for line in troubles if "locked" not in line][:5],
        "integrity": sound,
    }


def is_sound(verdict: dict[str, Any]) -> bool:
    return (
        verdict["double"] == verdict["lost"] == verdict["done_without_file"] == 0
        and verdict["locked_errors"] == 0
        and not verdict["other_errors"]
        and verdict["integrity"] == "ok"
    )
