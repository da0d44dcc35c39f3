"""MLflow's side of a benchmark: runs in an environment of its own and is told what to do.

Reads a JSON command a line from its standard input, answers each with what it took.
"""

import json
import logging
import sys
import time
from pathlib import Path

import mlflow


def steps(count):
    """Return the seconds of each of so many empty steps, logged as runs within one."""
    seconds = []
    with mlflow.start_run():
        for number in range(count):
            begin = time.perf_counter()
            with mlflow.start_run(nested=True, run_name=f"step-{number}"):
                mlflow.log_params({"number": number})
                mlflow.log_metric("count", 1)
                mlflow.log_dict([number], "numbers.json")
            seconds.append(time.perf_counter() - begin)
    return seconds


def main():
    """Answer commands until standard input ends."""
    logging.disable(logging.INFO)
    file = Path(sys.argv[1])
    mlflow.set_tracking_uri(f"sqlite:///{file}")
    experiment = mlflow.create_experiment("bench", artifact_location=str(file.parent / "artifacts"))
    mlflow.set_experiment(experiment_id=experiment)
    for line in sys.stdin:
        _, count = json.loads(line)
        print(json.dumps(steps(count)), flush=True)


if __name__ == "__main__":
    main()
