"""The same random operations on the real MLMD and on a server of ours; says where answers differ.

Usage: differential.py PORT OPERATIONS SEED. Prints a JSON object: how many operations, by name
and outcome, which known betterments were met, and every other difference, once for each shape.
"""

import json
import re
import sys
import uuid
from collections import Counter

from betterments import betterment
from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis import strategies as st
from operations import KINDS, Operations
from worlds import Worlds

STEPS = 60
SEQUENCES = st.lists(
    st.tuples(st.integers(0, 10**6), st.integers(0, 2**32)), min_size=STEPS, max_size=STEPS
)


class Hunt:
    """Counts operations and collects differences."""

    def __init__(self, port):
        self.port = port
        self.counts = Counter()
        self.known = Counter()
        self.differences = {}

    @property
    def operations(self):
        return sum(self.counts.values())

    def example(self, sequence):
        """Run a sequence of (which operation, number that it is made of) until the worlds part."""
        worlds = Worlds(self.port, f"differential-{uuid.uuid4().hex}")
        operations = Operations(worlds)
        every = [op for op, weight in operations.WRITES + operations.READS for _ in range(weight)]
        begin = [(operations.put_type, kind, i) for i, kind in enumerate(KINDS)]
        try:
            for make, *arguments in begin + [(every[i % len(every)], n) for i, n in sequence]:
                operations.random.seed(arguments[-1])
                drawn = make(*arguments[:-1]) if len(arguments) > 1 else make(operations)
                if not self.step(worlds, *drawn, operations):
                    return
        finally:
            worlds.close()

    def step(self, worlds, name, request, operations):
        """Return whether both worlds are still the same."""
        if not worlds.offers(name):
            return True
        real, ours, response = worlds.call(name, request)
        failed = real.startswith("error")
        self.counts[f"{name} {'error' if failed else 'ok'}"] += 1
        if response is not None and name.startswith("Put") and "Type" in name:
            _learn_types(operations, request, response)
        if _same(real, ours):
            return True
        why = betterment(name, request, real, ours)
        if why:
            self.known[why] += 1
            # Where one of them wrote and the other did not, what follows cannot be compared.
            return failed and ours.startswith("error")
        key = f"{name}: {_shape(real)} | {_shape(ours)}"
        if key not in self.differences:
            self.differences[key] = {
                "request": str(request)[:1500],
                "real": real[:1500],
                "ours": ours[:1500],
            }
        return False


def _learn_types(operations, request, response):
    for kind, known in operations.types.items():
        single = f"{kind}_type"
        if single in request.DESCRIPTOR.fields_by_name:
            known.setdefault(response.type_id, {}).update(getattr(request, single).properties)
        elif f"{single}s" in request.DESCRIPTOR.fields_by_name:
            ids = getattr(response, f"{single}_ids")
            for type_id, message in zip(ids, getattr(request, f"{single}s"), strict=True):
                known.setdefault(type_id, {}).update(message.properties)


def _same(real, ours):
    if real.startswith("error") and ours.startswith("error"):
        return real.partition(":")[0] == ours.partition(":")[0]
    return real == ours


def _shape(outcome):
    if not outcome.startswith("error"):
        return "ok"
    return re.sub(r"'.*?'|\w*\d\w*", "_", outcome[:160])[:60]


def main():
    port, wanted, number = (int(argument) for argument in sys.argv[1:4])
    hunt = Hunt(port)

    @seed(number)
    @settings(
        max_examples=wanted,
        deadline=None,
        database=None,
        verbosity=Verbosity.quiet,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(SEQUENCES)
    def run(sequence):
        if hunt.operations < wanted:
            hunt.example(sequence)

    run()
    print(
        json.dumps(
            {
                "operations": hunt.operations,
                "counts": dict(sorted(hunt.counts.items())),
                "betterments": dict(hunt.known),
                "differences": hunt.differences,
            },
            indent=1,
        )
    )


if __name__ == "__main__":
    main()
