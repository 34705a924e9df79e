"""diffusers itself, on the processor: tiny random Wan, LTX, CogVideoX and Hunyuan pipelines."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

REQUIRES = [["torch==2.13.0", "diffusers==0.42.1", "transformers", "accelerate", "av", "pydantic"]]

TESTS = "tests/test_service_diffusers.py"


def try_it(python: str, folder: Path) -> None:
    root = Path(__file__).parents[2]
    env = {**os.environ, "PROMPTGRID_DIFFUSERS_PYTHON": python, "PYTHONPATH": str(root)}
    command = [sys.executable, "-m", "pytest", "-q", TESTS, "-k", "real", "-p", "no:cacheprovider"]
    subprocess.run([*command, "--basetemp", str(folder / "tests")], cwd=root, env=env, check=True)
