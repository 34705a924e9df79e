"""What is installed, what is missing, and which keys are set; never a key's value."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

__all__ = ["examine"]

PACKAGES = (
    "promptgrid", "jupyterlab", "ipywidgets", "anywidget", "pandas", "httpx", "pydantic", "moviepy",
    "matplotlib", "av", "opencv-python-headless", "numpy", "sqlalchemy", "pyarrow", "evalica",
)  # fmt: skip


def examine() -> dict[str, str]:
    """Findings by name, in the order of a first look."""
    from toolkit.experiment import home
    from toolkit.store import sqlite

    found = {"python": f"{sys.version.split()[0]} on {platform.system()} {platform.machine()}"}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = f"missing: pip install {name}"
    library = sqlite.library()
    safe = sqlite.wal_is_safe(library.sqlite_version_info)
    found["sqlite"] = f"{library.sqlite_version}, {'WAL' if safe else 'rollback journal'}"
    folder = home()
    found["experiments"] = str(folder) + ("" if folder.exists() else " (made when first used)")
    nearest = next(path for path in (folder, *folder.parents) if path.exists())
    free_gib = shutil.disk_usage(nearest).free / 2**30
    found["free disk"] = f"{free_gib:.1f} GiB"
    found["writable"] = "yes" if os.access(nearest, os.W_OK) else f"no: {nearest}"
    found["catalogue of your own"] = _own_catalogue()
    return {**found, **_services()}


def _services() -> dict[str, str]:
    """Each service: whether its key is set, which variable it wants, and where else it is asked."""
    from toolkit import discover
    from toolkit.providers import keys_of
    from toolkit.providers._secrets import has_key
    from toolkit.providers._wire import url_variable

    found = {}
    for service in discover.names("providers"):
        names = keys_of(service)
        said = "no key needed"
        if names:
            said = f"key set ({names[0]})" if has_key(names) else f"no key: set {names[0]}"
        if os.environ.get(url_variable(service)):
            said += f"; asked at the address in {url_variable(service)}"
        found[service] = said
    return found


def _own_catalogue() -> str:
    from toolkit.catalog import override_path

    path: Path = override_path()
    return str(path) if path.exists() else f"none (would be {path})"
