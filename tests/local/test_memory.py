"""How much memory a local Neo4j takes."""

import pytest

from headwater.local.neo4j_server import memory_for

GIB = 1 << 30


@pytest.mark.parametrize(
    ("machine_gib", "store_gib", "heap_mib", "page_cache_mib"),
    [
        (2, 0, 512, 256),
        (4, 10, 512, 1_024),
        (24, 0, 3_072, 256),
        (24, 2, 3_072, 3_072),
        (24, 100, 3_072, 6_144),
        (256, 100, 4_096, 65_536),
    ],
)
def test_a_server_takes_what_its_store_needs_within_a_part_of_the_machine(
    machine_gib: int, store_gib: int, heap_mib: int, page_cache_mib: int
) -> None:
    memory = memory_for(machine_bytes=machine_gib * GIB, store_bytes=store_gib * GIB)

    assert (memory.heap_mib, memory.page_cache_mib) == (heap_mib, page_cache_mib)
