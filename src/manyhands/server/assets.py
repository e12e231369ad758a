"""Policies, tracks and environments as the page reads them; nothing here needs JAX."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

from manyhands.arena.api import SPECS
from manyhands.envs.racer import racing_line, tracks
from manyhands.storage.content import ContentStore, parse_cid
from manyhands.types import Json

_CACHED_POLICIES = 16
_CACHED_TRACKS = 32
_CACHED_LINES = 64


class Assets:
    """Immutable things by name, with small caches: a champion is asked for by everybody at once."""

    def __init__(self, content: ContentStore, imported: Path) -> None:
        """Prepare the caches.

        Args:
            content: where the policies lie.
            imported: folder of imported tracks, which need not exist.
        """
        self._content = content
        self._imported = imported
        self.policy_bytes = lru_cache(_CACHED_POLICIES)(self._policy_bytes)
        self._built = lru_cache(_CACHED_TRACKS)(self._build)
        self.racing_line = lru_cache(_CACHED_LINES)(self._racing_line)

    def _policy_bytes(self, cid: str) -> bytes:
        return self._content.get(parse_cid(cid))

    def policy_facts(self, cid: str) -> Json:
        """Return size and metadata of a policy, read from the header of its safetensors file."""
        data = self.policy_bytes(cid)
        length = int.from_bytes(data[:8], "little")
        header = json.loads(data[8 : 8 + length])
        texts = header.get("__metadata__", {})
        return {"size_bytes": len(data), "metadata": {name: _parsed(text) for name, text in texts.items()}}

    def environments(self) -> list[Json]:
        """Return the specs of the environments as plain data."""
        return list(SPECS)

    def track_list(self) -> list[Json]:
        """Return the catalogue."""
        names = [entry.id for entry in tracks.catalogue()] + tracks.imported(self._imported)
        return [_summary(self._built(name)) for name in names]

    def _build(self, track_id: str) -> tracks.Track:
        return tracks.track(track_id, self._imported)

    def track(self, track_id: str) -> Json:
        """Return one track as plain data.

        Raises:
            NotFoundError: if there is no such track.
        """
        track = self._built(track_id)
        size_x, size_y = track.distance.shape
        return {
            **_summary(track),
            "spacing_m": track.spacing_m,
            "centre_m": [tuple(point) for point in track.centre.tolist()],
            "tangent": [tuple(vector) for vector in track.tangent.tolist()],
            "half_widths_m": track.half_width.tolist(),
            "grid": {
                "size_x": size_x,
                "size_y": size_y,
                "cell_m": tracks.CELL_M,
                "distance_step_m": tracks.DISTANCE_STEP_M,
            },
            "metadata": {},
        }

    def _racing_line(self, track_id: str, backwards: bool, limits: racing_line.Limits) -> Json:
        """Return the line of least curvature around a track as plain data.

        Raises:
            NotFoundError: if there is no such track.
        """
        return racing_line.racing_line(self._built(track_id), limits, backwards=backwards).plain

    def track_grid(self, track_id: str) -> bytes:
        """Return one track's raster, int8, row-major over (size_x, size_y).

        Raises:
            NotFoundError: if there is no such track.
        """
        return bytes(self._built(track_id).distance.tobytes())


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


def _summary(track: tracks.Track) -> Json:
    return {
        "id": track.id,
        "name": track.name,
        "length_m": track.length_m,
        "half_width_m": float(track.half_width.mean()),
    }
