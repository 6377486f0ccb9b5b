"""What the gateway tells of itself at `/metrics`, in Prometheus's text format. Nothing of any one user is in it."""

from collections.abc import Iterator
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from ws_gateway.connections import ConnectionRegistry
from ws_gateway.feed import EventFeed

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
_LAG_SECONDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)
_USUAL_CLOSES = {1000, 1001, 1002, 1005, 1006, 1007, 1009, 1011, 1012, 4001, 4003, 4008, 4009, 4029}


class Metrics:
    """Counts what happens; what is the case just now is looked up when it is asked for."""

    def __init__(self, *, connections: ConnectionRegistry, feed: EventFeed) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._registry.register(_Standing(connections, feed))
        self._lag = Histogram(
            "gateway_commit_to_socket_seconds",
            "From the start of an event's transaction, by the database's clock, to its write; replayed ones left out.",
            buckets=_LAG_SECONDS,
            registry=self._registry,
        )
        self._closes = Counter("gateway_closes", "Ended connections by close code.", ["code"], registry=self._registry)
        self._evictions = Counter(
            "gateway_evictions",
            "Connections ended though their client would stay.",
            ["reason"],
            registry=self._registry,
        )
        self._refusals = Counter(
            "gateway_handshakes_refused", "Handshakes without a socket.", ["reason"], registry=self._registry
        )

    def written(self, committed_at: datetime) -> None:
        self._lag.observe((datetime.now(UTC) - committed_at).total_seconds())

    def closed(self, code: int | None) -> None:
        # A client may send any of four thousand codes; each new label would be kept for ever.
        self._closes.labels(code if code in _USUAL_CLOSES else "other").inc()

    def evicted(self, reason: str) -> None:
        self._evictions.labels(reason).inc()

    def refused(self, reason: str) -> None:
        self._refusals.labels(reason).inc()

    def page(self) -> str:
        return generate_latest(self._registry).decode()


class _Standing(Collector):
    def __init__(self, connections: ConnectionRegistry, feed: EventFeed) -> None:
        self._connections = connections
        self._feed = feed

    def collect(self) -> Iterator[Metric]:
        depths = self._connections.queue_depths()
        yield GaugeMetricFamily("gateway_connections", "Open sockets that were greeted.", len(depths))
        yield GaugeMetricFamily("gateway_users", "Users who have one.", len(self._connections.users()))
        yield GaugeMetricFamily("gateway_queued_frames", "Frames that wait to be written, in all.", sum(depths))
        yield GaugeMetricFamily("gateway_longest_queue_frames", "… of one connection.", max(depths, default=0))
        yield CounterMetricFamily(
            "gateway_sweep_finds", "Users that only the sweep found behind.", self._feed.sweep_finds
        )
        yield CounterMetricFamily(
            "gateway_listener_losses", "Times that the hints' connection was lost.", self._feed.listener_losses
        )
