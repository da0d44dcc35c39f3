"""Components: steps of pipelines with driver, executor and publisher, and what runs them.

::

    from headwater.components import Input, Output, component, pipeline

`headwater.components.standard` has components that are ready to use.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from headwater.components.component import Component, Step, component
from headwater.components.driver import Driver
from headwater.components.endings import Ended, Outcome, StepState
from headwater.components.executor import Executor
from headwater.components.handles import Input, Output, Outputs
from headwater.components.payloads import PAYLOADS, Format
from headwater.components.pipeline import Pipeline, pipeline
from headwater.components.plan import Plan
from headwater.components.publisher import Publisher
from headwater.components.signals import Signal, Skip
from headwater.components.sources import each, latest, named, previous, spans

if TYPE_CHECKING:
    from headwater.components.running import run

__all__ = [
    "PAYLOADS",
    "Component",
    "Driver",
    "Ended",
    "Executor",
    "Format",
    "Input",
    "Outcome",
    "Output",
    "Outputs",
    "Pipeline",
    "Plan",
    "Publisher",
    "Signal",
    "Skip",
    "Step",
    "StepState",
    "component",
    "each",
    "latest",
    "named",
    "pipeline",
    "previous",
    "run",
    "spans",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the name stands for
    # Imported at first use: it brings the store, which takes a second, and which no module that
    # only writes components and pipelines needs, nor the process in which a step runs.
    if name != "run":
        raise AttributeError(f"module 'headwater.components' has no attribute {name!r}")
    value = import_module("headwater.components.running").run
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
