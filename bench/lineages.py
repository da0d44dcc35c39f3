"""Generated lineages: which executions there are, what each reads and how much it writes.

Structure alone, from a shape, a size and a seed; `generate` says what the nodes hold.
"""

import math
import random
from array import array

RUN_EXECUTIONS = 50
HUB_READERS = 100_000
SHAPES = ("layered", "chain", "hub")
# So many executions of a hundred write one, two and three artifacts.
_OUTPUTS = (1,) * 50 + (2,) * 32 + (3,) * 18
# So many read two, three and four.
_INPUTS = (2,) * 60 + (3,) * 28 + (4,) * 12
# One input in so many is of the layer before the last one.
_OLDER = 50


class Lineage:
    """Executions in an order in which they can run, numbered from 0, as artifacts are.

    Attributes:
        roots: how many artifacts nobody writes; they have the first numbers.
        inputs: the artifacts that the executions read, one execution after another.
        first_input: where those of each execution begin, and the end.
        first_output: the first artifact that each execution writes, and one more than the last.
    """

    def __init__(self, roots):
        self.roots = roots
        self.inputs = array("q")
        self.first_input = array("q", [0])
        self.first_output = array("q", [roots])

    @property
    def executions(self):
        """How many executions there are."""
        return len(self.first_input) - 1

    @property
    def artifacts(self):
        """How many artifacts there are."""
        return self.first_output[-1]

    @property
    def runs(self):
        """How many runs those are, so many executions each."""
        return math.ceil(self.executions / RUN_EXECUTIONS)

    @property
    def nodes(self):
        """How many nodes there are, the contexts of runs among them."""
        return self.artifacts + self.executions + self.runs

    def add(self, inputs, outputs):
        """Add an execution that reads those artifacts and writes so many new ones."""
        self.inputs.extend(inputs)
        self.first_input.append(len(self.inputs))
        self.first_output.append(self.first_output[-1] + outputs)

    def inputs_of(self, execution):
        """Return the artifacts that an execution reads."""
        return self.inputs[self.first_input[execution] : self.first_input[execution + 1]]

    def outputs_of(self, execution):
        """Return the artifacts that an execution writes."""
        return range(self.first_output[execution], self.first_output[execution + 1])


def lineage(shape, nodes, seed):
    """Return a lineage of a shape with about so many nodes.

    `layered` has layers of executions that read the artifacts of the layer before, so that
    there are diamonds everywhere and two levels a layer; `chain` is one execution after
    another; in `hub` one artifact is read by every execution.
    """
    if shape == "layered":
        return _layered(nodes, random.Random(seed))  # noqa: S311 - not for secrets
    made = Lineage(1)
    while made.nodes < nodes:
        made.add([made.artifacts - 1 if shape == "chain" else 0], 1)
    return made


def _layered(nodes, chance):
    width = max(round(0.8 * math.sqrt(nodes)), 4)
    made = Lineage(width)
    older, layer = range(width), range(width)
    while made.nodes < nodes:
        begin = made.artifacts
        for _ in range(width):
            count = chance.choice(_INPUTS)
            inputs = {
                chance.choice(layer if chance.randrange(_OLDER) else older) for _ in range(count)
            }
            made.add(sorted(inputs), chance.choice(_OUTPUTS))
            if made.nodes >= nodes:
                break
        older, layer = layer, range(begin, made.artifacts)
    return made
