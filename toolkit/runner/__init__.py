"""The engine: takes planned runs to stored clips, paying for each at most once an attempt."""

from __future__ import annotations

from toolkit.runner.attention import at_work, attention, settle
from toolkit.runner.engine import Engine, Progress
from toolkit.runner.settings import Clock, Settings
from toolkit.store.life import Limits

__all__ = ["Clock", "Engine", "Limits", "Progress", "Settings", "at_work", "attention", "settle"]
