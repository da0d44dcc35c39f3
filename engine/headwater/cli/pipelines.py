"""Pipelines: `headwater run` runs a pipeline of the user's, and shows how far each step is."""

import importlib
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from headwater.cli.call import Call, command, pair_of, refuse, write_file
from headwater.cli.exits import ExitCode
from headwater.cli.left_out import let_in
from headwater.cli.screen import Column

if TYPE_CHECKING:
    from headwater.components import Outcome, Pipeline, Plan
    from headwater.components.prediction import Prediction

_ENDED = (
    Column("STEP", "bold cyan"),
    Column("STATE", "state", whole=True),
    Column("SECONDS", "dim", right=True),
    Column("EXECUTION", "dim", right=True),
    Column("WHY"),
)
_PREDICTED = (
    Column("STEP", "bold cyan"),
    Column("CACHE", "state", whole=True),
    Column("EXECUTION", "dim", right=True),
    Column("WHY"),
)
_SHOWN_DIFFERENCES = 3


def add_to(app: typer.Typer) -> None:
    """Add the command to the root."""
    command(
        app,
        "run",
        examples=(
            "headwater run training:wine",
            "headwater run training:wine --param learning_rate=0.2 --dry-run",
            "headwater run training:wine --on dask://scheduler:8786",
            "headwater run training:wine --resume 'wine 2026-11-29 10:15:00 3f2a1b'",
        ),
    )(run_pipeline)


Parameters = Annotated[
    list[str] | None,
    typer.Option("--param", "-p", metavar="KEY=VALUE", help="A parameter; JSON or text."),
]
Place = Annotated[str, typer.Option("--on", help="threads, processes, dask, or dask://host:port.")]
Workers = Annotated[int, typer.Option("--workers", "-w", min=1, help="How many steps run at once.")]
RunName = Annotated[
    str | None, typer.Option("--name", help="The run's name; one is made up without it.")
]
Resumed = Annotated[
    str | None, typer.Option("--resume", metavar="RUN", help="Go on with a run that failed.")
]
InExperiment = Annotated[
    str | None, typer.Option("--experiment", help="The experiment that the run belongs to.")
]
NoCache = Annotated[bool, typer.Option("--no-cache", help="Run every step, whatever ran before.")]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Only say what the cache would answer, and why not.")
]
Drawing = Annotated[
    Path | None, typer.Option("--svg", metavar="FILE", help="Draw the steps, and run nothing.")
]


def run_pipeline(
    call: Call,
    target: Annotated[
        str,
        typer.Argument(
            metavar="MODULE:PIPELINE", help="Where it is; the working directory is looked in too."
        ),
    ],
    *,
    param: Parameters = None,
    on: Place = "threads",
    workers: Workers = 2,
    name: RunName = None,
    resume: Resumed = None,
    experiment: InExperiment = None,
    no_cache: NoCache = False,
    dry_run: DryRun = False,
    svg: Drawing = None,
) -> None:
    """Run a pipeline, each step as soon as what it needs is there.

    Steps whose code, parameters, inputs and environment are as in an earlier run are not run
    again. Ctrl+C ends the run once the steps under way have ended, or their processes were stopped;
    `--resume` goes on with it. A second Ctrl+C waits for nothing.
    """
    if resume is not None and name is not None:
        raise refuse("--resume names the run already.", hint="Leave out --name.")
    pipeline = _found(target)
    parameters = dict(pair_of(text) for text in param or ())
    if svg is not None:
        write_file(call, svg, pipeline.draw(**parameters))
        return
    plan = pipeline.plan(**parameters)
    if dry_run:
        _predict(call, plan)
        return
    options: dict[str, Any] = {"on": on, "workers": workers, "run": name, "resume": resume}
    cancel = threading.Event()
    with _interrupting(cancel):
        options |= {"experiment": experiment, "reuse": not no_cache, "cancel": cancel}
        outcome = _ran(call, plan, options)
    _tell(call, outcome)
    if cancel.is_set():
        raise typer.Exit(ExitCode.INTERRUPTED)
    if not outcome.is_good:
        raise typer.Exit(ExitCode.NO)


@contextmanager
def _interrupting(cancel: threading.Event) -> Iterator[None]:
    """Let the first Ctrl+C cancel the run, which tells then how it ended; the second interrupts."""

    def interrupt(*_: object) -> None:
        if cancel.is_set():
            raise KeyboardInterrupt
        cancel.set()

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _found(target: str) -> "Pipeline":
    from headwater.components import Pipeline  # noqa: PLC0415 - takes a second to import

    module_name, colon, attribute = target.partition(":")
    if not colon or not module_name or not attribute:
        raise refuse(f"A pipeline is MODULE:NAME, found {target!r}.")
    sys.path.insert(0, str(Path.cwd()))
    let_in()
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module_name}.".startswith(f"{error.name}."):
            raise
        raise refuse(
            f"There is no module {module_name!r}.",
            hint="Run this where it lies, or put its folder on PYTHONPATH.",
        ) from error
    found = getattr(module, attribute, None)
    if not isinstance(found, Pipeline):
        names = [key for key, value in vars(module).items() if isinstance(value, Pipeline)]
        raise refuse(
            f"{module_name} has no pipeline {attribute!r}.",
            hint=f"It has {', '.join(names) or 'none'}.",
        )
    return found


def _predict(call: Call, plan: "Plan") -> None:
    from headwater.components.prediction import predict  # noqa: PLC0415 - as above

    with call.any_store() as store:
        predictions = predict(plan, store)
    if call.json:
        call.screen.answer({"pipeline": plan.pipeline, "steps": [_json(p) for p in predictions]})
        return
    call.screen.table(_PREDICTED, [_row(prediction) for prediction in predictions])


def _json(prediction: "Prediction") -> dict[str, Any]:
    return {
        "step": prediction.step,
        "cache": prediction.guess.value,
        "execution": prediction.execution_id,
        "reason": prediction.reason,
        "differences": [
            {"field": d.field, "before": d.before, "now": d.now} for d in prediction.differences
        ],
    }


def _row(prediction: "Prediction") -> tuple[object, ...]:
    fields = [difference.field for difference in prediction.differences]
    told = ", ".join(fields[:_SHOWN_DIFFERENCES])
    more = len(fields) - _SHOWN_DIFFERENCES
    if more > 0:
        told += f" and {more} more"
    why = f"differs in {told}" if told else prediction.reason
    return prediction.step, prediction.guess.value, prediction.execution_id, why


def _ran(
    call: Call,
    plan: "Plan",
    options: dict[str, Any],
) -> "Outcome":
    from headwater.components import run  # noqa: PLC0415 - as above
    from headwater.components.live import LiveTable  # noqa: PLC0415 - as above

    with call.any_store() as store, LiveTable(plan, call.screen.err) as table:
        return run(plan, store=store, watch=table, raising=False, **options)


def _tell(call: Call, outcome: "Outcome") -> None:
    ended = list(outcome.steps.values())
    if call.json:
        call.screen.answer(
            {
                "run": outcome.run,
                "good": outcome.is_good,
                "seconds": round(outcome.seconds, 3),
                "steps": [
                    {
                        "step": step.step,
                        "state": step.state.value,
                        "execution": step.execution_id,
                        "outputs": {key: list(ids) for key, ids in step.outputs.items()},
                        "seconds": round(step.seconds, 3),
                        "attempts": step.attempts,
                        "reason": step.reason,
                    }
                    for step in ended
                ],
            }
        )
        return
    rows = [
        (s.step, s.state.value, f"{s.seconds:.1f}", s.execution_id, s.reason.partition("\n")[0])
        for s in ended
    ]
    call.screen.table(_ENDED, rows)
    call.screen.say(f"run {outcome.run!r}: {outcome.seconds:.1f} s")
    if not outcome.is_good:
        call.screen.say(f"to go on with it: --resume {outcome.run!r}", style="yellow")
