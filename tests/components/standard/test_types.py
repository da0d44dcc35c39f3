"""The types of the standard components beside others of the same names."""

import headwater
from headwater.components import Component, standard
from headwater.demo.types import TYPES


def test_the_demo_and_the_standard_components_can_share_a_namespace(
    store: headwater.MetadataStore,
) -> None:
    components = [found for found in vars(standard).values() if isinstance(found, Component)]
    artifacts = [
        found
        for found in vars(standard).values()
        if isinstance(found, type) and issubclass(found, headwater.Artifact)
    ]

    store.register(*TYPES)
    store.register(*artifacts, *(component.signature.execution for component in components))
    store.register(*TYPES)

    assert len(components) == 12
