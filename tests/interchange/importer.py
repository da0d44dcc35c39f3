"""Another process that imports, saying each committed batch on its output, to be killed in the middle."""

import json
import sys
import time

import headwater
from headwater.interchange.mlmd_import import import_mlmd


class Said:
    """Progress as lines, with time to be killed after each."""

    def begin(self, task: str, total: int | None) -> None:
        pass

    def advance(self, amount: int) -> None:
        sys.stdout.write(f"{amount}\n")
        sys.stdout.flush()
        time.sleep(0.01)

    def end(self) -> None:
        pass


def main() -> None:
    given = json.loads(sys.argv[1])
    url, keep_ids = given.pop("url"), given.pop("keep_ids")
    with headwater.connect(start=False, **given) as store:
        import_mlmd(
            store, url, keep_ids=keep_ids, progress=Said(), nodes_per_batch=7, edges_per_batch=11
        )


if __name__ == "__main__":
    main()
