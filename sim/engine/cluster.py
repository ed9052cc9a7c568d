"""The same blocks on Dask: more processes, more machines, the same numbers.

A worker sees the plan and the indices of its worlds, as a thread does. Blocks of a worker that
dies are run again by another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sim.plan import Plan

#: How often a block may lose its worker before the run gives up.
_RETRIES = 5


class ClusterError(RuntimeError):
    """A cluster that cannot be had, with the way out."""


@contextmanager
def cluster_submit(
    function: Callable[[Plan, int, int], Any],
    plan: Plan,
    address: str | None = None,
    workers: int | None = None,
) -> Iterator[Callable[[int, int], Future[Any]]]:
    """Connect to a cluster, or start a local one on loopback, to run blocks on.

    Parameters
    ----------
    function
        Function of plan, first world and worlds, run on the workers.
    plan
        The plan; it travels once.
    address
        Address of a Dask scheduler, such as ``"tcp://10.0.0.5:8786"``.
    workers
        Processes of a local cluster, where no address is given.

    Yields
    ------
    callable
        Submits a block, (first world, worlds), and returns its future.

    Raises
    ------
    ClusterError
        Where Dask is not installed, the scheduler does not answer, or workers keep dying.
    """
    try:
        from distributed import Client, LocalCluster
    except ImportError:
        message = 'a cluster needs Dask: pip install "creator-roi[cluster]"'
        raise ClusterError(message) from None
    local = None
    if address is None:
        # Numba's disk cache is not safe against several first writers: compile before they start.
        function(plan, 0, 1)
        local = LocalCluster(
            n_workers=workers, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
        )
    try:
        client = Client(local or address, timeout="10s", set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        if local is not None:
            local.close()
        raise ClusterError(f"{address}: no cluster answers there ({error})") from None
    try:
        # A task rather than scattered data: it is made again if its worker dies.
        shared = client.submit(_same, plan, pure=False, retries=_RETRIES)
        yield lambda first, worlds: _bridged(
            client.submit(function, shared, first, worlds, pure=False, retries=_RETRIES)
        )
    finally:
        client.close()
        if local is not None:
            local.close()


def _same(plan: Plan) -> Plan:
    return plan


def _bridged(remote: Any) -> Future[Any]:
    """Return a future of this process that follows one of the cluster."""
    future: Future[Any] = Future()

    def done(finished: Any) -> None:
        try:
            future.set_result(finished.result())
        except Exception as error:  # noqa: BLE001 - whatever the worker raised goes to whoever waits
            future.set_exception(error)

    future.set_running_or_notify_cancel()
    remote.add_done_callback(done)
    return future
