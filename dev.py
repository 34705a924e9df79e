"""One command from nothing: makes `.venv`, installs the locked packages, runs a task.

    python3 dev.py demo|test|lab|check|bench|storm|soak|oracles|lock [arguments]

Needs Python 3.11+ and nothing else. On Windows: `py dev.py demo`. The set-up is stamped: the
second run starts at once.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
LOCK = ROOT / "requirements.lock"
CHROMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "msedge")


def say(text: str) -> None:
    print(f"dev.py: {text}", file=sys.stderr, flush=True)


def run(*command: str | Path, **more: object) -> int:
    return subprocess.run([str(part) for part in command], cwd=ROOT, **more).returncode  # type: ignore[call-overload,no-any-return]


def must(*command: str | Path, **more: object) -> None:
    code = run(*command, **more)
    if code:
        raise SystemExit(code)


def stamp() -> str:
    """What the environment was made from; another value means: make it again."""
    parts = [LOCK.read_bytes(), (ROOT / "pyproject.toml").read_bytes(), sys.version.encode()]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def set_up() -> None:
    """`.venv` with exactly the locked packages and this project, unless it is there already."""
    if sys.version_info < (3, 11):
        raise SystemExit(f"promptgrid needs Python 3.11 or newer; this is {sys.version.split()[0]}")
    mark = VENV / ".promptgrid-stamp"
    if PYTHON.exists() and mark.exists() and mark.read_text() == stamp():
        return
    say("setting up .venv (once; about a minute)")
    uv = shutil.which("uv")
    if not PYTHON.exists():
        try:
            venv.create(VENV, with_pip=uv is None)
        except subprocess.CalledProcessError:
            say("this Python cannot make environments; on Debian: apt-get install python3-venv")
            raise SystemExit(1) from None
    if uv:
        pip = [uv, "pip", "install", "--quiet", "--python", PYTHON]
    else:
        if run(PYTHON, "-m", "pip", "--version", stdout=subprocess.DEVNULL):
            must(PYTHON, "-m", "ensurepip", "--upgrade", stdout=subprocess.DEVNULL)
        pip = [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    must(*pip, "--require-hashes", "-r", LOCK)
    must(*pip, "--no-deps", "--no-build-isolation", "-e", ROOT)
    mark.write_text(stamp())


def find_browser() -> str | None:
    """Chromium's path: as named by PROMPTGRID_CHROMIUM, else the first one on PATH."""
    named = os.environ.get("PROMPTGRID_CHROMIUM")
    return named or next((path for name in CHROMES if (path := shutil.which(name))), None)


def get_browser() -> str | None:
    """The browser that the widget tests drive; installed where that needs no questions."""
    found = find_browser()
    if found or not (shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0):
        return found
    say("installing Chromium for the widget tests")
    quiet = {"stdout": subprocess.DEVNULL}
    run("apt-get", "update", "-qq", **quiet)
    run("apt-get", "-o", "DPkg::Lock::Timeout=300", "install", "-y", "-qq", "chromium", **quiet)
    return find_browser()


def demo(*args: str) -> int:
    return run(PYTHON, "-m", "toolkit.cli", "demo", *args)


def lab(*args: str) -> int:
    return run(PYTHON, "-m", "toolkit.cli", "lab", *args)


def test(*args: str) -> int:
    """Units, notebooks, browser: three runs, for the browser's loop would disturb the others."""
    pytest = (PYTHON, "-m", "pytest", "-p", "no:cacheprovider")
    if args:
        return run(*pytest, *args)
    browser = get_browser()
    if browser is None:
        say("no Chromium found: the widget tests will be skipped and counted as such")
    env = {**os.environ, **({"PROMPTGRID_CHROMIUM": browser} if browser else {})}
    scratch = tempfile.mkdtemp(prefix="promptgrid-")  # notebooks leave a person's experiments alone
    env |= {"PROMPTGRID_HOME": scratch, "PROMPTGRID_STATE": scratch}
    runs = {
        "units": ["tests", "--ignore=tests/browser", "-m", "not slow and not live"],
        "notebooks": [
            "--nbval-lax",
            "--nbval-current-env",
            "--nbval-cell-timeout=120",
            "notebooks",
        ],
        "browser": ["tests/browser"],
    }
    try:
        for name, what in runs.items():
            say(f"tests: {name}")
            code = run(*pytest, "-q", *what, env=env)
            if code:
                say(f"tests: {name} failed")
                return code
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return 0


def check(*args: str) -> int:
    """What the reviewers' machine checks: style, layout, types, locked notebooks."""
    return (
        run(PYTHON, "-m", "ruff", "check", *args)
        or run(PYTHON, "-m", "ruff", "format", "--check")
        or run(PYTHON, "-m", "mypy")
    )


def bench(*args: str) -> int:
    return run(PYTHON, "-m", "tests.benchmarks", *args)


def storm(*args: str) -> int:
    """Kernels killed at random, at every named place, suspended, under every fault: an hour."""
    if args:
        return run(PYTHON, "-m", "tests.storm", *args)
    return (
        run(PYTHON, "-m", "tests.storm", "storm")
        or run(PYTHON, "-m", "tests.storm", "failpoints")
        or run(PYTHON, "-m", "tests.storm", "failpoints", "--stop", "30", "--at-once", "8")
        or run(PYTHON, "-m", "tests.storm", "faults")
    )


def soak(*args: str) -> int:
    """A hundred thousand runs through one engine, and eight kernels on one experiment."""
    if args:
        return run(PYTHON, "-m", "tests.storm", "soak", *args)
    return run(PYTHON, "-m", "tests.storm", "soak") or run(
        PYTHON, "-m", "tests.storm", "contention", "--seconds", "1800"
    )


def oracles(*args: str) -> int:
    """What official clients send and other formulas say, each in a throw-away environment."""
    return run(PYTHON, "-m", "tests.oracles", *args)


def lock(*args: str) -> int:
    """Every package for every system with its hash, and no host name in it."""
    return run(
        PYTHON, "-m", "uv", "pip", "compile", "--universal", "--python-version", "3.11",
        "--generate-hashes", "--no-emit-index-url", "--custom-compile-command", "make lock",
        "--extra", "dev", "--quiet", "pyproject.toml", "-o", LOCK, *args,
    )  # fmt: skip


TASKS = {
    "demo": demo, "test": test, "lab": lab, "check": check, "bench": bench, "storm": storm,
    "soak": soak, "oracles": oracles, "lock": lock,
}  # fmt: skip


def main(argv: list[str]) -> int:
    if not argv or argv[0] not in TASKS:
        print(__doc__)
        return 2
    set_up()
    return TASKS[argv[0]](*argv[1:])


if __name__ == "__main__":
    try:
        raise SystemExit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        raise SystemExit(130) from None
