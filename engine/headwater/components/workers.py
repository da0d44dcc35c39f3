"""Workers: where the launchers of a run work: threads here, or Dask's workers anywhere.

Each is an executor of `concurrent.futures`; who decides what runs next is `running`, and where is
the executor's business.
"""

from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from functools import lru_cache
from typing import Any, Protocol

import cloudpickle

from headwater.components.endings import Ended
from headwater.components.environment import capture, record
from headwater.components.fingerprint import counting_environment
from headwater.components.isolation import Stop
from headwater.components.launcher import launch
from headwater.components.task import Site, Task
from headwater.errors import InvalidArgument, MissingExtra
from headwater.objects import PatientStore
from headwater.opening import connect, object_place
from headwater.settings import Settings

THREADS, PROCESSES, DASK = "threads", "processes", "dask"


class Workers(Protocol):
    """What runs launchers.

    Attributes:
        is_elsewhere: whether what was cancelled may have begun all the same.
    """

    is_elsewhere: bool

    def submit(self, task: Task) -> "Future[Ended]":
        """Return what will be how a step ended."""
        ...

    def close(self, *, waiting: bool) -> None:
        """Take no more tasks, and wait for those under way or not."""
        ...


class ThreadWorkers:
    """Threads of this process; the executor of each step in one of them, or in its own process.

    Args:
        site: where they work.
        count: how many.
        isolated: whether each executor gets a process of its own.
    """

    is_elsewhere = False

    def __init__(self, site: Site, *, count: int, isolated: bool) -> None:
        self._site = site
        self._isolated = isolated
        self._pool = ThreadPoolExecutor(count, thread_name_prefix="headwater-step")

    def submit(self, task: Task) -> "Future[Ended]":
        """Return what will be how a step ended."""
        wanted = replace(task, isolated=True) if self._isolated else task
        return self._pool.submit(launch, wanted, self._site)

    def close(self, *, waiting: bool) -> None:
        """Take no more tasks, and wait for those under way or not."""
        self._pool.shutdown(wait=waiting, cancel_futures=True)


class DaskWorkers:
    """Workers of a Dask cluster, each with a connection of its own to the store.

    Args:
        settings: of the store, with an address that the workers reach.
        address: of the scheduler; "" makes a cluster on this machine for the run.
        count: how many workers such a cluster has.

    Raises:
        MissingExtra: distributed is not installed.
    """

    is_elsewhere = True

    def __init__(self, settings: Settings, *, address: str, count: int) -> None:
        self._settings = settings
        self._cluster = None if address else local_cluster(count)
        self._client: Any = _distributed().Client(self._cluster or address)
        self._pool: Executor = self._client.get_executor(pure=False, retries=0)

    def submit(self, task: Task) -> "Future[Ended]":
        """Return what will be how a step ended."""
        return self._pool.submit(_launch_there, cloudpickle.dumps(task), self._settings)

    def close(self, *, waiting: bool) -> None:
        """Take no more tasks, and wait for those under way or not."""
        self._pool.shutdown(wait=waiting)
        self._client.close()
        if self._cluster is not None:
            self._cluster.close()


def local_cluster(count: int) -> Any:  # noqa: ANN401 - ships few types
    """Return a new cluster on this machine, of so many workers of one thread each, to be closed.

    Several may be there at once: none asks for the port of Dask's that another has.
    """
    return _distributed().LocalCluster(
        n_workers=count,
        threads_per_worker=1,
        dashboard_address=None,
        # Its pages without a dashboard are served all the same, on 8787 where nothing else is said.
        scheduler_kwargs={"dashboard_address": ":0"},
    )


def workers_of(on: str, *, site: Site, count: int) -> Workers:
    """Return the workers that a text names, as `check_workers` has found it good.

    Args:
        on: `threads`, `processes`, `dask` for a cluster made for the run on this machine, or
            `dask://host:port` for the scheduler of one.
        site: where threads work.
        count: how many threads, or workers of a cluster that is made.
    """
    scheme, _, address = on.partition("://")
    if scheme == DASK:
        there = f"tcp://{address}" if address else ""
        return DaskWorkers(site.settings, address=there, count=count)
    return ThreadWorkers(site, count=count, isolated=on == PROCESSES)


def check_workers(on: str, *, count: int) -> None:
    """Check that a text and a number name workers, before anything is opened or recorded.

    Raises:
        InvalidArgument: they name none.
        MissingExtra: Dask is not installed.
    """
    if count < 1:
        raise InvalidArgument(f"A run has at least one worker, asked for {count}.", workers=count)
    scheme, parted, address = on.partition("://")
    if scheme == DASK and bool(parted) == bool(address):
        _distributed()
    elif on not in (THREADS, PROCESSES):
        raise InvalidArgument(
            f"A pipeline cannot run on {on!r:.100}.",
            hint="threads, processes, dask, or dask://host:port of a scheduler.",
            on=on,
        )


def site_of(settings: Settings, *, known: bool = False) -> Site:
    """Return a place to work at, with a connection of its own and the environment recorded.

    Args:
        settings: of the store.
        known: whether the object store has answered the run; else it must answer at once.
    """
    with ExitStack() as opened:
        store = opened.enter_context(connect(settings=settings))
        stop = Stop()
        if isinstance(store.objects, PatientStore):
            store.objects.greet(known=known)
            stop.hurry(store.objects.hurry)
        objects = replace(object_place(settings, start=False), known=True)
        environment_id = record(store, capture())
        site = Site(store, settings, objects, environment_id, counting_environment(), stop)
        opened.pop_all()
    return site


@lru_cache(maxsize=4)
def _site_here(settings: Settings) -> Site:
    """Return this worker's place to work at; it lasts as long as the worker."""
    return site_of(settings, known=True)


def _launch_there(task: bytes, settings: Settings) -> Ended:
    # From the run that this worker works for.
    # A stop of its own: the worker's other steps may be of runs that go on.
    here = replace(_site_here(settings), stop=Stop(), is_elsewhere=True)
    ended = launch(cloudpickle.loads(task), here)
    # An error of a user's class may not be one that the run can make again.
    return replace(ended, error=None) if ended.error is not None else ended


def _distributed() -> Any:  # noqa: ANN401 - a module
    try:
        import distributed  # noqa: PLC0415 - only where it is asked for
    except ImportError as error:
        raise MissingExtra(
            "Running on Dask needs distributed, which is not installed.",
            hint="pip install 'headwater[dask]'",
            extra="dask",
        ) from error
    return distributed
