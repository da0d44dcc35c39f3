"""Components: steps of pipelines with driver, executor and publisher, and what runs them.

::

    from headwater.components import Input, Output, component, pipeline

`headwater.components.standard` has components that are ready to use.
"""

from headwater.components.component import Component, Step, component
from headwater.components.driver import Driver
from headwater.components.endings import Ended, Outcome, StepState
from headwater.components.executor import Executor
from headwater.components.handles import Input, Output, Outputs
from headwater.components.payloads import PAYLOADS, Format
from headwater.components.pipeline import Pipeline, pipeline
from headwater.components.plan import Plan
from headwater.components.publisher import Publisher
from headwater.components.running import run
from headwater.components.signals import Signal, Skip
from headwater.components.sources import each, latest, named, previous, spans

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
