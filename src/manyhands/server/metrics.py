"""Figures for Prometheus, in a registry of this server alone."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


class Metrics:
    """Counters and gauges of one server process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "manyhands_requests", "Requests by method and status class.", ["method", "status"],
            registry=self.registry,
        )  # fmt: skip
        self.refused = Counter(
            "manyhands_refused", "Requests refused before they were parsed.", ["reason"],
            registry=self.registry,
        )  # fmt: skip
        self.latency_s = Histogram(
            "manyhands_request_seconds", "Time to the answer's first byte.", ["route"],
            buckets=_BUCKETS_S, registry=self.registry,
        )  # fmt: skip
        self.attempts = Counter(
            "manyhands_attempts", "Attempts stored and acknowledged.", registry=self.registry
        )
        self.streams = Gauge("manyhands_event_streams", "Open event streams.", registry=self.registry)
        self.pending = Gauge("manyhands_pending_attempts", "Attempts not yet valued.", registry=self.registry)
        self.jobs = Gauge("manyhands_jobs", "Jobs by state.", ["state"], registry=self.registry)
        self.judge_age_s = Gauge(
            "manyhands_judge_heartbeat_age_seconds", "Age of the newest judge heartbeat.",
            registry=self.registry,
        )  # fmt: skip

    def page(self) -> bytes:
        """Return all figures in Prometheus' text format."""
        return generate_latest(self.registry)
