"""Decode processes: limited, secretless, replaced when they die, gone when they are done."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest

from tests.clipmaker import numbered, write
from toolkit.errors import ClipError
from toolkit.records import Clip, Reading
from toolkit.video import frames_at, iter_frames, probe
from toolkit.video.sandbox import Crashed, Pool, stream


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    with Pool(2) as made:
        yield made


def _echo(value: object) -> object:
    return value


def _exit() -> None:
    os._exit(3)


def _raise(kind: type[Exception], text: str) -> None:
    raise kind(text)


def _hog() -> int:
    return len(bytearray(4 << 30))


def _spin() -> None:
    from toolkit.video._child import grant_cpu_s

    grant_cpu_s(-10.9)  # of a first grant of 10 s, in whole seconds
    while True:
        pass


def _count(n: int) -> Iterator[int]:
    yield from range(n)


def _self() -> tuple[int, str, bool]:
    environ = Path("/proc/self/environ").read_bytes().decode(errors="replace")
    try:
        with Path("written").open("w") as file:
            file.write("x")
    except OSError:
        return os.getpid(), environ, False
    return os.getpid(), environ, True


def test_plain_data_records_and_arrays_come_back(pool: Pool):
    clip = Clip(
        "ab", width=4, height=2, num_frames=1, duration_s=0.5, fps=2.0, codec="h264",
        has_audio=False, size_bytes=9,
    )  # fmt: skip
    value = {"a": (1, 2.5, None), 3: ["x", True], "clip": clip, "r": Reading(None, note="why")}
    assert pool.submit(_echo, value).result() == value
    array = np.arange(12, dtype=np.float32).reshape(3, 4)
    np.testing.assert_array_equal(pool.submit(_echo, array).result(), array)
    assert pool.submit(_echo, b"raw").result() == b"raw"


def test_what_would_have_to_be_unpickled_does_not_come_back(pool: Pool):
    with pytest.raises(TypeError, match=r"^a Path cannot leave|^a PosixPath cannot leave"):
        pool.submit(_echo, Path("x")).result()


def test_a_task_defined_on_the_spot_works(pool: Pool):
    factor = 3
    assert list(pool.map(lambda x: factor * x, range(5))) == [0, 3, 6, 9, 12]


def test_errors_keep_their_kind_and_the_child_lives_on(pool: Pool):
    with pytest.raises(ClipError, match=r"^x\.mp4: gone$"):
        pool.submit(_raise, ClipError, "x.mp4: gone").result()
    with pytest.raises(ValueError, match=r"^no\n") as caught:
        pool.submit(_raise, ValueError, "no").result()
    assert "in a decode process" in caught.value.__notes__[0]


def test_a_child_that_dies_twice_fails_its_own_task_only(pool: Pool):
    good = [pool.submit(_echo, n) for n in range(6)]
    bad = pool.submit(_exit)
    more = [pool.submit(_echo, n) for n in range(6, 12)]
    with pytest.raises(Crashed, match=r"^the decode process ended, twice$"):
        bad.result()
    assert [f.result() for f in good + more] == list(range(12))


def test_a_child_killed_once_is_forgiven():
    before = set(_workers())
    with Pool(1) as pool:
        pool.submit(_echo, 1).result()
        slow = pool.submit(lambda: time.sleep(1) or "done")
        time.sleep(0.2)
        (victim,) = set(_workers()) - before
        victim.kill()
        assert slow.result() == "done"


def test_memory_is_bounded(pool: Pool):
    with pytest.raises(ClipError, match=r"^needs more memory than it may use$"):
        pool.submit(_hog).result()


def test_processor_time_is_bounded():
    with Pool(1) as pool, pytest.raises(Crashed, match=r"used more processor time than a clip of"):
        pool.submit(_spin).result()


def test_waiting_for_ever_is_bounded():
    with Pool(1, wall_s=0.3) as pool, pytest.raises(Crashed, match=r"longer than 0\.3 s, twice$"):
        pool.submit(time.sleep, 60).result()


def test_a_child_knows_no_secret_and_writes_nothing(monkeypatch: pytest.MonkeyPatch):
    code = (
        "import os; os.environ['LUMAAI_API_KEY'] = 'canary-77'\n"
        "from tests.test_video_sandbox import _self\n"
        "from toolkit.video.sandbox import Pool\n"
        "with Pool(1) as pool: print(pool.submit(_self).result()[1:])"
    )
    monkeypatch.setenv("REPLICATE_API_TOKEN", "canary-78")
    done = _python(["-c", code])
    assert done.stdout.strip().endswith(", False)"), done.stderr
    assert "canary" not in done.stdout


def test_a_stream_hands_on_items_and_ends_with_the_iteration():
    items = stream(_count, 1_000_000)
    assert [next(items) for _ in range(3)] == [0, 1, 2]
    items.close()
    assert list(stream(_count, 4)) == [0, 1, 2, 3]


def test_children_are_replaced_when_worn_out(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("toolkit.video.sandbox.TASKS_PER_CHILD", 3)
    with Pool(1) as pool:
        seen = [pool.submit(os.getpid).result() for _ in range(7)]
    assert [seen.count(pid) for pid in dict.fromkeys(seen)] == [3, 3, 1]


def test_a_closed_pool_leaves_no_process_and_takes_no_task(tmp_path: Path):
    before = set(_workers())
    pool = Pool(2)
    assert list(pool.map(_echo, range(8))) == list(range(8))
    assert set(_workers()) - before
    pool.shutdown()
    assert not set(_workers()) - before
    assert not [p for p in _children() if p.status() == psutil.STATUS_ZOMBIE]
    with pytest.raises(RuntimeError, match="closed"):
        pool.submit(_echo, 1)


def test_a_script_without_a_main_guard_works(tmp_path: Path):
    clip = write(tmp_path / "x.mp4", numbered(6))
    script = tmp_path / "script.py"
    script.write_text(
        "print('start')\n"
        "from toolkit.video import probe, Pool\n"
        f"print(probe({str(clip)!r}).num_frames)\n"
        "print(Pool(1).submit(lambda: 41 + 1).result())\n"
    )
    done = _python([str(script)], cwd=tmp_path)
    assert (done.stdout.split(), done.stderr) == (["start", "6", "42"], "")


def test_nothing_is_left_when_the_owner_is_killed(tmp_path: Path):
    script = (
        "import time; from toolkit.video.sandbox import Pool\n"
        "pool = Pool(2); f = [pool.submit(time.sleep, s) for s in (0.5, 0.5, 60, 60)]\n"
        "f[0].result(); f[1].result(); print('ready', flush=True); time.sleep(60)"
    )
    owner = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    assert owner.stdout.readline() == "ready\n"
    family = psutil.Process(owner.pid).children(recursive=True)
    assert len(family) == 3  # the forking one and two workers
    owner.kill()
    owner.wait()
    owner.stdout.close()
    _, alive = psutil.wait_procs(family, timeout=5)
    assert not alive


def test_without_forking_a_plain_process_does_the_same(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setattr("toolkit.video.sandbox._FORKS", False)
    clip = write(tmp_path / "x.mp4", numbered(6))
    with Pool(1) as pool:
        assert probe(clip, pool=pool).num_frames == 6
        with pytest.raises(Crashed, match="twice"):
            pool.submit(_exit).result()
        assert len(frames_at(clip, [0, 1], pool=pool)) == 2
    assert len(list(iter_frames(clip))) == 6


def _python(arguments: list[str], **options: object) -> subprocess.CompletedProcess[str]:
    root = str(Path(__file__).parents[1])
    env = os.environ | {"PYTHONPATH": root}
    return subprocess.run(  # type: ignore[call-overload,no-any-return]
        [sys.executable, *arguments], env=env, capture_output=True, text=True, timeout=60, **options
    )


def _children() -> list[psutil.Process]:
    return psutil.Process().children(recursive=True)


def _workers() -> list[psutil.Process]:
    """Decode processes that are not the forking one."""
    ours = [p for p in _children() if "toolkit.video._child" in " ".join(p.cmdline())]
    return [p for p in ours if p.parent() != psutil.Process()]
