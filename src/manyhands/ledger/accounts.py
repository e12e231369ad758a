"""Names of accounts and what their balances may be.

| account | holds | may be |
|---|---|---|
| `issuer` | minus what was issued and not charged back | negative |
| `wallet:PLAYER` | play credits | ≥ 0 |
| `cash:PLAYER` | credits earned or bought that may be withdrawn | ≥ 0 |
| `stake:PLAYER` | locked with open attempts | ≥ 0 |
| `loan:PLAYER` | minus the outstanding starter loan | ≤ 0 |
| `escrow:CAMPAIGN` | what a campaign can still pay | ≥ 0 |
| `escrow:RACE` | a race's prize money until its close | ≥ 0 |

Play credits never turn into cash: a withdrawable campaign's escrow is filled from cash and pays cash.
"""

from __future__ import annotations

from manyhands.types import CampaignId, PlayerId, RaceId

ISSUER = "issuer"


def wallet(player: PlayerId) -> str:
    """Return the account of a player's play credits."""
    return f"wallet:{player}"


def cash(player: PlayerId) -> str:
    """Return the account of a player's withdrawable credits."""
    return f"cash:{player}"


def stake(player: PlayerId) -> str:
    """Return the account of a player's locked stakes."""
    return f"stake:{player}"


def loan(player: PlayerId) -> str:
    """Return the account of a player's starter loan."""
    return f"loan:{player}"


def escrow(holder: CampaignId | RaceId) -> str:
    """Return the account of a campaign's budget or a race's prize money."""
    return f"escrow:{holder}"


def purse(player: PlayerId, withdrawable: bool) -> str:
    """Return the account that gets a player's earnings from a campaign of this sort."""
    return cash(player) if withdrawable else wallet(player)


def balance_fault(account: str, balance_micro: int) -> str | None:
    """Return what is wrong with a balance, None if nothing is."""
    if account == ISSUER:
        return None
    if account.startswith("loan:"):
        return "is above zero" if balance_micro > 0 else None
    return "is below zero" if balance_micro < 0 else None
