"""Contexts: what a pipeline's executions and artifacts belong to, made and linked as TFX does.

A run lies in its pipeline, a pipeline in its project, a run in its experiment: parents are
linked, and every execution and artifact belongs to each of them directly too.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from headwater.typed import Context
from headwater_schema import ParentPut, PutRequest

if TYPE_CHECKING:
    from headwater.store import MetadataStore


class Project(Context):
    """What several pipelines belong to."""


class Pipeline(Context):
    """A pipeline, over all its runs."""


class Experiment(Context):
    """Runs that belong together, of one pipeline or of several."""


class PipelineRun(Context):
    """One run of a pipeline."""

    command: str = ""


class ExecutionCache(Context):
    """Executions with one fingerprint, which is its name."""


@dataclass(frozen=True)
class RunContexts:
    """The contexts of one run.

    Attributes:
        pipeline: the pipeline's name.
        run: the run's name.
        run_id: the id of the run's context.
        ids: of all contexts that a step of the run belongs to, the run's first.
    """

    pipeline: str
    run: str
    run_id: int
    ids: tuple[int, ...]


def open_contexts(
    store: "MetadataStore",
    *,
    pipeline: str,
    run: str,
    project: str | None = None,
    experiment: str | None = None,
    command: str = "",
    must_exist: bool = False,
) -> RunContexts:
    """Return the contexts of a run, each made where there is none of its name, and linked.

    Args:
        store: where they are.
        pipeline: the pipeline's name.
        run: the run's name.
        project: what the pipeline belongs to.
        experiment: what the run belongs to.
        command: how the run was started.
        must_exist: whether the run must be there already.

    Raises:
        NotFound: there is no run of that name, and it must exist.
    """
    if must_exist:
        store.context(run, type=PipelineRun)
    contexts: list[Context] = [PipelineRun(name=run, command=command), Pipeline(name=pipeline)]
    parents = [(0, 1)]
    for name, kind, child in ((project, Project, 1), (experiment, Experiment, 0)):
        if name is not None:
            parents.append((child, len(contexts)))
            contexts.append(kind(name=name))
    store.register(*(type(context) for context in contexts), ExecutionCache)
    nodes = tuple(context.to_node(store.type_id(type(context))) for context in contexts)
    ids = store.put(PutRequest(contexts=nodes, reuse_contexts=True)).context_ids
    known = {child: {p.id for p in found} for child, found in store.edges.parents(ids).items()}
    missing = tuple(
        ParentPut(ids[child], ids[parent])
        for child, parent in parents
        if ids[parent] not in known.get(ids[child], ())
    )
    if missing:
        store.put(PutRequest(parents=missing))
    return RunContexts(pipeline, run, ids[0], ids)
