"""Kubeflow's side of a benchmark: its local runner, in an environment of its own.

Reads a JSON command a line from its standard input, answers each with what it took.
"""

import contextlib
import io
import json
import os
import sys
import tempfile
from pathlib import Path

from kfp import dsl, local

# Without `install_kfp_package=False` each step begins with a pip install; the image is not used.
component = dsl.component(base_image="python:3.11", install_kfp_package=False)


@component
def begin(numbers: dsl.Output[dsl.Artifact]) -> None:
    """Make the first numbers."""
    import json  # noqa: PLC0415 - the text of this function is all that its process has
    import time  # noqa: PLC0415

    begun = time.monotonic()
    with open(numbers.path, "w") as file:  # noqa: PTH123
        json.dump([0], file)
    numbers.metadata.update(count=1, begun=begun, ended=time.monotonic())


@component
def step(before: dsl.Input[dsl.Artifact], numbers: dsl.Output[dsl.Artifact], number: int) -> None:  # noqa: ARG001 - an empty step
    """Make a number."""
    import json  # noqa: PLC0415 - the text of this function is all that its process has
    import time  # noqa: PLC0415

    begun = time.monotonic()
    with open(numbers.path, "w") as file:  # noqa: PTH123
        json.dump([number], file)
    numbers.metadata.update(count=1, begun=begun, ended=time.monotonic())


def steps(folder, count):
    """Return when the code of each of so many empty steps began and ended, in order.

    Each step writes both into the metadata of what it makes, as seconds of the monotonic clock,
    which the processes of a machine share. Between the end of one step's code and the beginning of
    the next one's is all that a step costs beyond its code: what the runner does with the outputs,
    the inputs of the next one, its process, and the imports there.
    """
    root = Path(tempfile.mkdtemp(prefix="root-", dir=folder))
    local.init(
        runner=local.SubprocessRunner(use_venv=False),
        pipeline_root=str(root),
        workspace_root=str(root / "workspace"),
    )
    _run(_chain(count))
    files = root.glob("chain-*/*/executor_output.json")
    marks = sorted(_marks(json.loads(file.read_text())) for file in files)
    if len(marks) != count:
        raise SystemExit(f"{len(marks)} of {count} steps have left what they made")
    return marks


def _chain(count):
    """Return a pipeline of so many steps, each of which reads what the one before it made."""

    @dsl.pipeline
    def chain() -> None:
        before = begin()
        for number in range(1, count):
            before = step(before=before.outputs["numbers"], number=number)

    return chain


def _run(pipeline):
    """Run it; the runner writes to standard output, where the answers go."""
    told = io.StringIO()
    try:
        with contextlib.redirect_stdout(told):
            pipeline()
    except RuntimeError:
        sys.stderr.write(told.getvalue())
        raise


def _marks(output):
    metadata = output["artifacts"]["numbers"]["artifacts"][0]["metadata"]
    return metadata["begun"], metadata["ended"]


def main():
    """Answer commands until standard input ends."""
    folder = Path(sys.argv[1])
    folder.mkdir()
    # The runner leaves a folder for each step there.
    os.environ["TMPDIR"] = str(folder)
    for line in sys.stdin:
        _, count = json.loads(line)
        print(json.dumps(steps(folder, count)), flush=True)


if __name__ == "__main__":
    main()
