"""The types of the standard components, registered together."""

import headwater
from headwater.components import Component, standard
from headwater.demo.pipeline import PIPELINES


def test_the_demo_and_the_standard_components_can_share_a_namespace(
    store: headwater.MetadataStore,
) -> None:
    components = [found for found in vars(standard).values() if isinstance(found, Component)]
    artifacts = [
        found
        for found in vars(standard).values()
        if isinstance(found, type) and issubclass(found, headwater.Artifact)
    ]
    signatures = [
        step.component.signature for known in PIPELINES.values() for step in known.plan().steps
    ]
    demo = [
        *(signature.execution for signature in signatures),
        *(spec.type for signature in signatures for spec in signature.outputs.values()),
    ]

    store.register(*demo)
    store.register(*artifacts, *(component.signature.execution for component in components))
    store.register(*demo)

    assert len(components) == 12
