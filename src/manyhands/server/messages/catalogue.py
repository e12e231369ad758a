"""Messages of what never changes once published: environments, tracks, policies."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, JsonValue

from manyhands.server.messages.base import Cid, Id, Message, Score, Time


class EnvironmentSpec(Message):
    """An environment as plain data: its versioned id, spaces, sensors and timing."""

    id: str = Field(description="Versioned id, as `racer-v0`.")
    title: str
    summary: str
    tick_s: float = Field(description="Seconds per control tick.")
    substeps: int = Field(description="Steps of the rules per control tick.")
    max_ticks: int
    actions: list[dict[str, JsonValue]] = Field(description="One entry per axis: name, low, high, meaning.")
    sensors: list[dict[str, JsonValue]] = Field(description="Sensor presets: name, kind, shape, parameters.")
    presets: list[str] = Field(description="Presets of its conditions.")


class Environments(Message):
    """The registry of environments."""

    environments: list[EnvironmentSpec]


class TrackSummary(Message):
    """A track in the catalogue."""

    id: str
    name: str
    length_m: float
    half_width_m: float = Field(description="Mean half width of the road in metres.")


class Tracks(Message):
    """The catalogue; `gen-N` for any N from 0 to 4294967295 is a generated track that is not listed."""

    tracks: list[TrackSummary]


class Grid(Message):
    """How to read the raster at `GET /tracks/{id}/grid`: int8, row-major over (size_x, size_y).

    The byte of point (x, y) is at `floor(x / cell_m) * size_y + floor(y / cell_m)`.
    """

    size_x: int
    size_y: int
    cell_m: float = Field(description="Edge of a cell in metres.")
    distance_step_m: float = Field(
        description="Metres per unit of the byte: signed distance to the road edge, positive on the road."
    )


class Track(TrackSummary):
    """One track: a closed centre line with half widths; every number is an exact float32."""

    spacing_m: float = Field(description="Distance of neighbouring points, metres.")
    centre_m: list[tuple[float, float]] = Field(description="Centre line points (x, y), metres.")
    tangent: list[tuple[float, float]] = Field(description="Unit vector along the road at each point.")
    half_widths_m: list[float] = Field(description="Half width of the road at each point, metres.")
    grid: Grid
    metadata: dict[str, JsonValue]


class Policy(Message):
    """One policy with what is needed to run it; the weights are at `/policies/{cid}.safetensors`."""

    cid: Cid
    kind: Literal["seed", "candidate", "control", "reference"]
    parent_cid: Cid | None
    score: Score | None
    score_low: Score | None
    score_high: Score | None
    created_at: Time
    campaign_id: Id | None
    verdict_id: Id | None
    size_bytes: int
    metadata: dict[str, JsonValue] = Field(description="The file's sidecar: architecture and sensor spec.")
