"""The command line: a thin layer over the same public functions a notebook calls.

`--json` prints one JSON document on standard output and nothing else there; messages and bars go to
standard error. Exit status: 0 done, 1 a problem in the work, 2 wrong use. An argument with a path
separator or a media suffix is a file, any other an experiment's name.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from toolkit.errors import ColumnError, ToolkitError

__all__ = ["main"]

MEDIA = {".mp4", ".mov", ".m4v", ".webm", ".mkv", ".gif", ".avi"}

Command = Callable[[argparse.Namespace], int]


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def out(document: Any) -> None:
    """The one JSON document."""
    json.dump(document, sys.stdout, ensure_ascii=False, indent=2, allow_nan=False, default=str)
    sys.stdout.write("\n")


def is_file(argument: str) -> bool:
    """Whether an argument means a file or folder rather than an experiment's name."""
    if (Path(argument) / "experiment.db").is_file():
        return False  # an experiment by its folder
    named = "/" in argument or os.sep in argument or argument in {".", ".."}
    return named or Path(argument).suffix.lower() in MEDIA


def _experiment(name: str, *, must_exist: bool = True, look: bool = False) -> Any:
    """The experiment; to `look` at one that cannot be written it is opened for reading only."""
    from toolkit.experiment import Experiment

    folder = Experiment._folder(name)
    read_only = look and folder.is_dir() and not os.access(folder, os.W_OK)
    if read_only:
        say(f"{folder} cannot be written: opened for reading only")
    return Experiment(name, create=not must_exist, read_only=read_only, say=say)


def _files(arguments: Sequence[str]) -> list[Path]:
    """The clips that the arguments name; a folder means every clip in it, in name order."""
    paths: list[Path] = []
    for argument in arguments:
        path = Path(argument)
        if path.is_dir():
            paths += sorted(p for p in path.iterdir() if p.suffix.lower() in MEDIA)
        else:
            paths.append(path)
    return paths


def _clips_or_experiment(arguments: Sequence[str], *, look: bool = True) -> tuple[list[Path], Any]:
    """Files, or one experiment: exactly one of the two is not empty."""
    files = [argument for argument in arguments if is_file(argument)]
    if files and len(files) != len(arguments):
        raise ToolkitError(
            f"name files or one experiment, not both: {', '.join(arguments)}. A file has a path "
            "separator or a media suffix: write ./NAME for a file here"
        )
    if files:
        paths = _files(files)
        if not paths:
            raise ToolkitError(
                f"no clips in {', '.join(files)}; looked for {' '.join(sorted(MEDIA))}"
            )
        return paths, None
    if len(arguments) != 1:
        raise ToolkitError(f"one experiment at a time, not {len(arguments)}: {' '.join(arguments)}")
    return [], _experiment(arguments[0], look=look)


def demo(args: argparse.Namespace) -> int:
    from toolkit.demo import demo as run_demo

    return run_demo(Path(args.out), small=args.small, say=say)


def lab(args: argparse.Namespace) -> int:
    import importlib.util
    import subprocess

    folder = Path(args.folder)
    if not folder.is_dir():
        raise ToolkitError(f"no folder {folder}; name the one with your notebooks")
    if importlib.util.find_spec("jupyterlab") is None:
        raise ToolkitError("JupyterLab is not installed: pip install jupyterlab")
    return subprocess.run(  # noqa: S603 - our own interpreter, arguments from the person at the keyboard
        [sys.executable, "-m", "jupyterlab", str(folder), *args.arguments], check=False
    ).returncode


def models(args: argparse.Namespace) -> int:
    from toolkit.planning import models as find_models
    from toolkit.planning import models_json, models_text

    table = find_models(args.words, max_usd=args.max_usd)
    if args.json:
        out(models_json(table))
    else:
        print(models_text(table))
    return 0


def lint(args: argparse.Namespace) -> int:
    from toolkit.prompts.lint import lint as find_faults
    from toolkit.prompts.lint import read

    documents, spoilt = [], False
    for text in args.texts:
        findings = find_faults(text, models=args.models or ())
        spoilt = spoilt or any(finding.severity == "error" for finding in findings)
        words = read(text).num_words
        documents.append(
            {"text": text, "words": words, "findings": [f.to_json() for f in findings]}
        )
        if not args.json:
            shown = " ".join(text.split())
            print(f"{shown if len(shown) <= 76 else shown[:75] + '…'}  ({words} words)")
            for finding in findings:
                print(f"  {finding.severity:7} {finding.code}: {finding.message}")
                print(f"  {'':7} → {finding.fix}")
            if not findings:
                print("  nothing to say against it")
    if args.json:
        out(documents)
    return 1 if spoilt else 0


def _grid(path: str) -> Any:
    from toolkit.grid import Grid

    return Grid.from_yaml(Path(path))


def plan(args: argparse.Namespace) -> int:
    from toolkit.planning import plan as make_plan
    from toolkit.planning import write_worklist

    grid = _grid(args.grid)
    store = _experiment(args.experiment).store if args.experiment else None
    made = make_plan(grid, store)
    if args.worklist:
        say(f"worklist: {write_worklist(grid, Path(args.worklist))}")
    if args.json:
        out(made.to_json())
    else:
        print(made.text)
    return 0


def run(args: argparse.Namespace) -> int:
    grid = _grid(args.grid)  # first: a name mistyped makes no experiment
    exp = _experiment(args.experiment, must_exist=False)
    if args.budget_usd is not None:
        exp.set_budget(args.budget_usd)
    batch = exp.run(grid, up_to_usd=args.up_to_usd, price_usd=args.price_usd)
    try:
        batch.wait()
    except KeyboardInterrupt:
        batch.stop()
        say(f"stopped: nothing new is sent; `promptgrid run {args.experiment} {args.grid}` goes on")
        return 1
    say(batch.summary)
    if args.json:
        out({"experiment": str(exp.folder), "states": batch.states()})
    return 0 if batch.is_complete else 1


def worker(args: argparse.Namespace) -> int:
    exp = _experiment(args.experiment)
    left = exp.work(ordered=args.ordered)
    say(f"worker: ended; {left} open" if left else "worker: ended; nothing is open")
    if args.json:
        out({"experiment": str(exp.folder), "open": left})
    return 1 if left else 0


def service(args: argparse.Namespace) -> int:
    from toolkit.simulator.http_service import main as serve

    say("export PROMPTGRID_SIM_URL=<the address below> sends sim/… runs there; Ctrl-C ends it")
    return serve(args.arguments)


def import_(args: argparse.Namespace) -> int:
    grid = None if args.grid is None else _grid(args.grid)
    exp = _experiment(args.experiment, must_exist=False)
    report = exp.import_clips(Path(args.folder), csv=args.csv, grid=grid, show=False)
    if args.json:
        out(report.to_json())
    else:
        print(report.text)
    return 0 if report.is_complete else 1


def _title(row: Mapping[str, Any]) -> str:
    """What a clip of an experiment is, in a line: its file's name says it to nobody."""
    columns = ("prompt.name", "model", "prompt.camera", "sample", "run_id")
    words = [str(row[c]) for c in columns if row.get(c) not in (None, "")]
    return "".join(c if c.isprintable() else " " for c in " · ".join(words))


def score(args: argparse.Namespace) -> int:
    paths, exp = _clips_or_experiment(args.what, look=False)
    titles: dict[str, str] = {}
    if exp is not None:
        if args.camera is not None:
            raise ToolkitError("--camera is for files; an experiment knows what was asked for")
        exp.score(tier=args.tier)
        results = exp.scores_json()
        titles = {row["clip.sha256"]: _title(row) for row in exp.store.run_rows()}
    else:
        from toolkit.scoring import score_files

        results = score_files(paths, camera=args.camera, tier=args.tier)
    if args.json:
        out(results)
    else:
        for result in results:
            print(titles.get(result.get("sha256"), result["path"]))
            if "error" in result:
                print(f"  {result['error']}")
            for name, reading in result.get("metrics", {}).items():
                value = "-" if reading["value"] is None else f"{reading['value']:.4g}"
                label = f"  {reading['label']}" if reading.get("label") else ""
                note = f"  ({reading['note']})" if reading.get("note") else ""
                print(f"  {name:22} {value:>10}{label}{note}")
    return 1 if any("error" in result for result in results) else 0


def sheet(args: argparse.Namespace) -> int:
    paths, exp = _clips_or_experiment(args.what)
    kind = {"rows": args.rows, "cols": args.cols, "frames": args.frames}
    if exp is not None:
        made = exp.sheet(**kind)
    else:
        from toolkit.sheets import sheet_files

        if not any(path.exists() for path in paths):
            raise ToolkitError(f"no such file: {', '.join(map(str, paths))}")
        made = sheet_files(paths, frames=args.frames)
    for path in made.save(Path(args.output)):
        print(path)
    for why in made.unreadable:
        say(why)
    return 1 if made.unreadable else 0


def advice(args: argparse.Namespace) -> int:
    made = _experiment(args.experiment, look=True).advice(args.by or ())
    if args.json:
        out(made.to_json())
    else:
        print(made.text)
    return 0


def rank(args: argparse.Namespace) -> int:
    from toolkit.results import rank_votes, read_votes

    ranking = rank_votes(read_votes(Path(args.votes)), cluster=args.cluster)
    if args.json:
        out(ranking)
        return 0
    for row in ranking["ratings"]:
        print(
            f"{row['arm']:30} {row['log_ability']:+.3f}  [{row['low']:+.3f}, {row['high']:+.3f}]  "
            f"{row['wins']} won, {row['losses']} lost, {row['ties']} tied"
        )
    return 0


def reel(args: argparse.Namespace) -> int:
    paths, exp = _clips_or_experiment(args.what)
    shape = {"aspect": args.aspect, "size": args.size, "transition": args.transition}
    if exp is not None:
        print(exp.reel(best=args.best, text=args.text, out=Path(args.output), **shape))
    else:
        from toolkit.exports.reel import reel as make_reel

        print(make_reel(paths, Path(args.output), text=args.text, **shape))
    return 0


def export(args: argparse.Namespace) -> int:
    exp = _experiment(args.experiment, look=True)
    for path in exp.export(args.output, formats=args.formats or None, only=args.only):
        print(path)
    return 0


def doctor(args: argparse.Namespace) -> int:
    from toolkit.doctor import examine

    findings = examine()
    if args.json:
        out(findings)
    else:
        for name, value in findings.items():
            print(f"{name:24} {value}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="promptgrid",
        description="Text-to-video prompt A/B experiments.",
        epilog="An argument with a path separator or a media suffix is a file, any other an "
        "experiment's name.",
    )
    parser.add_argument("--version", action="store_true", help="print the version and exit")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")

    def command(name: str, does: str, function: Command, *, as_json: bool = True) -> Any:
        sub = commands.add_parser(name, help=does, description=does)
        sub.set_defaults(function=function)
        if as_json:
            sub.add_argument("--json", action="store_true", help="print one JSON document")
        return sub

    sub = command("demo", "the whole loop on the simulator", demo, as_json=False)
    sub.add_argument("--out", default="demo", metavar="DIR", help="where to put it (demo/)")
    sub.add_argument("--small", action="store_true", help="one scene, a few seconds")

    sub = command("lab", "JupyterLab on the notebooks", lab, as_json=False)
    sub.add_argument("--folder", default="notebooks", help="the notebooks (notebooks/)")
    sub.add_argument("arguments", nargs="*", help="passed to JupyterLab")

    sub = command("models", "the catalogue: limits, prices, what each is good for", models)
    sub.add_argument("--for", dest="words", metavar="WORDS", help="what it should be good for")
    sub.add_argument("--max-usd", type=float, metavar="X", help="the most a 5 s clip may cost")

    sub = command("lint", "what is likely to spoil the clip, and the way out", lint)
    sub.add_argument("texts", nargs="+", metavar="TEXT")
    sub.add_argument(
        "--model", dest="models", action="append", metavar="M", help="also what this model takes"
    )

    sub = command("plan", "price a grid; nothing is spent", plan)
    sub.add_argument("grid", metavar="GRID.yaml")
    sub.add_argument("--experiment", metavar="NAME", help="count what this one has already")
    sub.add_argument(
        "--worklist", metavar="FILE", help="also write a list for making clips by hand"
    )

    sub = command("run", "run a grid in the foreground; again: carry on with what is open", run)
    sub.add_argument("experiment", metavar="EXPERIMENT")
    sub.add_argument("grid", metavar="GRID.yaml")
    sub.add_argument("--budget-usd", type=float, metavar="X", help="set the experiment's cap")
    sub.add_argument("--up-to-usd", type=float, metavar="X", help="approve a bill up to this")
    sub.add_argument("--price-usd", type=float, metavar="X", help="a clip's price where unknown")

    sub = command("worker", "carry on with what is open, and end when nothing is", worker)
    sub.add_argument("experiment", metavar="EXPERIMENT")
    sub.add_argument("--ordered", action="store_true", help=argparse.SUPPRESS)

    sub = command("service", "the simulator over HTTP, for bad days", service, as_json=False)
    sub.add_argument("arguments", nargs=argparse.REMAINDER, help="FOLDER and faults; FOLDER --help")

    sub = command("import", "bring in clips that you have already", import_)
    sub.add_argument("folder", metavar="FOLDER")
    sub.add_argument("--csv", metavar="FILE", help="what each clip is; without it one is written")
    sub.add_argument("--grid", metavar="GRID.yaml", help="whose worklist the clips were made from")
    sub.add_argument("experiment", metavar="EXPERIMENT")

    sub = command("score", "measure clips", score)
    sub.add_argument("what", nargs="+", metavar="CLIP|EXPERIMENT")
    sub.add_argument("--camera", metavar="MOVE", help="the camera move that was asked for")
    sub.add_argument("--tier", default="full", choices=["preview", "fast", "full", "thorough"])

    sub = command("sheet", "a contact sheet; the format follows the suffix", sheet, as_json=False)
    sub.add_argument("what", nargs="+", metavar="CLIP|FOLDER|EXPERIMENT")
    sub.add_argument("--rows", metavar="COLUMN")
    sub.add_argument("--cols", metavar="COLUMN")
    sub.add_argument("--frames", type=int, default=6, metavar="N")
    sub.add_argument("-o", "--output", default="sheet.jpg", metavar="FILE")

    sub = command("advice", "what to change next, with the evidence and the edited prompt", advice)
    sub.add_argument("experiment", metavar="EXPERIMENT")
    sub.add_argument("--by", nargs="+", metavar="COLUMN", help="what makes an arm (what varies)")

    sub = command("rank", "ratings from a table of votes", rank)
    sub.add_argument("votes", metavar="VOTES.csv")
    sub.add_argument("--cluster", metavar="COLUMN", help="votes that hang together (prompt, rater)")

    sub = command("reel", "the best clips cut together", reel, as_json=False)
    sub.add_argument("what", nargs="+", metavar="CLIP|EXPERIMENT")
    sub.add_argument("--best", type=int, default=2, metavar="N")
    sub.add_argument("--text", help="a line over the film")
    sub.add_argument("--aspect", default="16:9", choices=["16:9", "9:16", "1:1"])
    sub.add_argument("--size", default="720p")
    sub.add_argument("--transition", default="crossfade", choices=["cut", "crossfade"])
    sub.add_argument("-o", "--output", default="reel.mp4", metavar="FILE")

    sub = command("export", "tables, report, sheets, clips, methods", export, as_json=False)
    sub.add_argument("experiment", metavar="EXPERIMENT")
    sub.add_argument("-o", "--output", default="out", metavar="DIR")
    sub.add_argument("--formats", nargs="+", metavar="FORMAT")
    sub.add_argument("--only", choices=["picks", "accepted"])

    command("doctor", "what is installed, and which keys are set (never their values)", doctor)
    return parser


def _meant_for_a_person(error: Exception) -> bool:
    """Whether our own code raised it about an argument; any other is a fault of ours to be seen."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    raised_in = trace.tb_frame.f_globals.get("__name__", "") if trace is not None else ""
    return type(error) in (LookupError, ValueError) and raised_in.startswith("toolkit.")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the return value is the exit status."""
    parser = _parser()
    args = parser.parse_args(argv)
    if args.version:
        from importlib.metadata import version

        print(version("promptgrid"))
        return 0
    if args.command is None:
        parser.print_help()
        return 2
    try:
        return int(args.function(args))
    except ToolkitError as error:
        say(f"promptgrid {args.command}: {error}")
        return 2 if isinstance(error, ColumnError) else 1
    except (LookupError, ValueError) as error:
        if not _meant_for_a_person(error):
            raise
        say(f"promptgrid {args.command}: {error}")
        return 2
    except BrokenPipeError:
        return 1
    except KeyboardInterrupt:
        say(f"promptgrid {args.command}: interrupted; nothing is lost, run it again to go on")
        return 1


if __name__ == "__main__":
    sys.exit(main())
