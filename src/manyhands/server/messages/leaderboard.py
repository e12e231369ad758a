"""Messages of the leaderboard over all campaigns."""

from __future__ import annotations

from manyhands.server.messages.base import Message
from manyhands.server.messages.campaigns import CampaignPlayer


class LeaderRow(CampaignPlayer):
    """One player over all campaigns."""

    rank: int
    campaigns: int


class Leaderboard(Message):
    """Players by net earnings over all campaigns, best first."""

    players: list[LeaderRow]
    own_rank: int | None
