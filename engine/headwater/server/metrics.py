"""Metrics: what calls came, how they ended and how long they took, as Prometheus reads it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)

CONTENT_TYPE = CONTENT_TYPE_LATEST


class Metrics:
    """The counts of one server, in a registry of their own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._lock = threading.Lock()
        self._now = 0
        self._calls = Counter(
            "headwater_calls",
            "Calls that ended, by RPC and status code.",
            ["rpc", "code"],
            registry=self._registry,
        )
        self._seconds = Histogram(
            "headwater_call_seconds",
            "How long calls took.",
            ["rpc"],
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._running = Gauge(
            "headwater_calls_in_flight", "Calls that run now.", registry=self._registry
        )
        self._request_bytes = Counter(
            "headwater_request_bytes",
            "Bytes of requests, by RPC.",
            ["rpc"],
            registry=self._registry,
        )
        self._response_bytes = Counter(
            "headwater_response_bytes",
            "Bytes of answers, by RPC.",
            ["rpc"],
            registry=self._registry,
        )

    @contextmanager
    def running(self) -> Iterator[None]:
        """Count a call as running."""
        self._change(1)
        try:
            yield
        finally:
            self._change(-1)

    def in_flight(self) -> int:
        """Return how many calls run now."""
        return self._now

    def _change(self, by: int) -> None:
        with self._lock:
            self._now += by
            self._running.set(self._now)

    def ended(
        self, rpc: str, code: str, *, seconds: float, request_bytes: int, response_bytes: int
    ) -> None:
        """Count a call that ended with a status code, `OK` or another."""
        self._calls.labels(rpc, code).inc()
        self._seconds.labels(rpc).observe(seconds)
        self._request_bytes.labels(rpc).inc(request_bytes)
        self._response_bytes.labels(rpc).inc(response_bytes)

    def page(self) -> bytes:
        """Return the metrics in Prometheus's text format."""
        return generate_latest(self._registry)
