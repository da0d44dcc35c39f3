"""A process that asks a long question, says how that ended, and goes on."""

import signal
import sys

from headwater.errors import HeadwaterError
from headwater.graph.asked import Asking
from headwater.graph.session import Graph
from headwater.graph.statements import Statement, trusted


def main() -> None:
    # A shell may have started the tests with interrupts ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    address, user, password, question_id, text = sys.argv[1:]
    with Graph(address, user=user, password=password or None) as graph:
        try:
            with Asking(question_id):
                graph.read(Statement("test/asked", trusted(text)), never=-1)
        except (KeyboardInterrupt, HeadwaterError) as error:
            _say(type(error).__name__)
        _say(str(graph.read(Statement("test/after", "RETURN 1"))))
        sys.stdin.read()


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
