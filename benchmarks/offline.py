"""A campaign without server and clock: the judge's own functions, scripted players, money as plain integers.

Used by `learning.py` and `attacks.py`; what it leaves out (network, database, ledger) `load.py` measures.
"""

from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import Any

import jax
import numpy as np

from manyhands.crowd import players as crowd
from manyhands.crowd import simulation
from manyhands.envs import registry
from manyhands.envs.core import Task
from manyhands.judging import bootstrap, payout, round, seeds, starts, value
from manyhands.judging import course as courses
from manyhands.judging.course import Course
from manyhands.judging.records import Attempt, Valued
from manyhands.learners import reaction
from manyhands.learners.reaction import Drive
from manyhands.learners.samples import Samples
from manyhands.ledger.splitting import split
from manyhands.policies import simulate
from manyhands.policies.network import NetworkSpec, Params
from manyhands.types import Micro

STAKE = 2_000_000
ESCROW = 1_000_000_000
PER_ROUND = 24
SLEEP = 2  # honest contributions of a sleeper


@dataclass
class Player:
    """One scripted account."""

    name: str
    kind: str
    driver: int
    values: list[float] = field(default_factory=list)
    paid: int = 0
    charged: int = 0
    contributions: int = 0
    charges: list[bool] = field(default_factory=list)
    drives: list[Drive] = field(default_factory=list)

    def hand(self) -> crowd.Kind:
        """How it plays its next attempt: a sleeper is honest first, sybils and pickers are random hands."""
        if self.kind == "sleeper":
            return crowd.KINDS["skilled" if self.contributions < SLEEP else "troll"]
        return crowd.KINDS[{"sybil": "random", "picker": "random"}.get(self.kind, self.kind)]

    def enter(self, valued: Valued) -> None:
        """Take the value of an attempt: the record grows, and a charge may follow."""
        assert valued.drive is not None
        if self.kind == "sybil":
            # A new account for every attempt: no record that could speak against it.
            self.values.clear()
        self.contributions += 1
        self.values.append(valued.value)
        self.drives.append(valued.drive)
        charged = payout.charge(STAKE, self.values)
        self.charged += charged
        self.charges.append(charged > 0)


@dataclass
class Campaign:
    """Everything that changes over a campaign's life."""

    course: Course
    standing: round.Standing
    escrow: int = ESCROW
    human_ticks: int = 0
    attempts: int = 0
    behaviour: list[Samples] = field(default_factory=list)
    curve: list[dict[str, Any]] = field(default_factory=list)
    lot_owners: dict[str, Player] = field(default_factory=dict)


def begin(environment: str, config: dict[str, Any], seed: int, target: float) -> Campaign:
    """A campaign whose champion was taught by a few seconds of the reference driver."""
    course = courses.build(environment, config)
    drive = bootstrap.demonstrate(course, jax.random.key(seed))
    [valued] = value.value(course.play, drive.network, drive.blank, [drive.attempt])
    assert valued.samples is not None
    for seeding in bootstrap.shorter(drive):
        old = valued.samples.first(seeding.seed_ticks)
        champion = bootstrap.teach(seeding, old)
        heldout = course.heldout_scores(seeding.network, champion)
        first = float(heldout.mean())
        if first <= bootstrap.HIGHEST:
            break
    standing = round.Standing(
        seeding.network, champion, heldout, old, (), 0, 0, payout.Pooled(), ESCROW, first, target
    )
    return Campaign(course, standing)


def collect(
    task: Task, played: crowd.Played, states: Any, names: list[str], owners: list[str]
) -> list[Attempt]:
    """Played attempts as the records that would come over the wire."""
    actions, actors, ticks = np.asarray(played.actions), np.asarray(played.actors), np.asarray(played.ticks)
    found = []
    for row, (name, owner) in enumerate(zip(names, owners, strict=True)):
        final = simulate.pick(played.final, row)
        found.append(
            Attempt(
                id=name,
                player=owner,
                champion="champion",
                start=task.to_plain(simulate.pick(states, row)),
                actions=actions[: ticks[row], row],
                actors=actors[: ticks[row], row],
                final=task.final_of(final),
            )
        )
    return found


def hand_in(
    campaign: Campaign, players: list[Player], key: Any, prefix: str, champion: tuple[NetworkSpec, Params]
) -> list[str]:
    """Let each player drive once with a champion and enter what is handed in; returns the attempts' ids."""
    task = campaign.course.play
    start_key, play_key = jax.random.split(key)
    pool = starts.failing(campaign.course, *champion, start_key, 64)
    pool = [pool[n % len(pool)] for n in range(len(players))]
    attempts: list[Attempt] = []
    for driver in sorted({player.driver for player in players}):
        group = [n for n, player in enumerate(players) if player.driver == driver]
        states = simulate.stack_states([task.from_plain(pool[n]) for n in group], simulate.padded(len(group)))
        kinds = [players[n].hand() for n in group]
        kinds += [crowd.KINDS["idle"]] * (simulate.padded(len(group)) - len(group))
        skill = simulation.skill(task.environment, driver - 1)
        played = crowd.play(
            task,
            registry.with_sensor(task, skill.sensor),
            (champion[0], skill.network),
            (champion[1], skill.params),
            crowd.traits(kinds),
            states,
            jax.random.fold_in(play_key, driver),
        )
        names = [f"{prefix}-{n}" for n in group]
        attempts += collect(task, played, states, names, [players[n].name for n in group])
    by_name = {player.name: player for player in players}
    verdicts = value.value(task, *champion, attempts)
    for attempt, valued in zip(attempts, verdicts, strict=True):
        _enter(campaign, attempt, valued, by_name[attempt.player])
    return [attempt.id for attempt in attempts]


def play_round(
    campaign: Campaign, players: list[Player], key: Any, number: int, config: round.RoundConfig
) -> str:
    """One round of the given players; returns the verdict's kind."""
    standing = campaign.standing
    ids = hand_in(campaign, players, key, str(number), (standing.network, standing.champion))
    root = seeds.round_root(ids)
    outcome = round.judge(campaign.course, campaign.standing, config, root, f"{number:064x}")
    _apply(campaign, outcome)
    return outcome.kind


def _enter(campaign: Campaign, attempt: Attempt, valued: Valued, player: Player) -> None:
    campaign.attempts += 1
    if valued.refusal:
        raise AssertionError(f"An honest replay was refused: {valued.refusal}")
    # A picker values its attempts itself, with this very code, and hands in the lucky ones only.
    if not valued.human_ticks or (player.kind == "picker" and valued.value <= 0.0):
        return
    assert valued.drive is not None
    campaign.human_ticks += valued.human_ticks
    player.enter(valued)
    samples = valued.drive.samples(reaction.estimate(player.drives))
    campaign.behaviour.append(samples)
    campaign.lot_owners[attempt.id] = player
    owner = attempt.id if player.kind == "sybil" else player.name
    entry = round.Entry(attempt.id, owner, valued.value, samples)
    campaign.standing = replace(campaign.standing, lot=(*campaign.standing.lot, entry))


def _apply(campaign: Campaign, outcome: round.Outcome) -> None:
    standing = replace(campaign.standing, tries=outcome.tries, tried_size=outcome.tried_size)
    if outcome.champion is not None and outcome.heldout is not None:
        standing = replace(standing, champion=outcome.champion, heldout=outcome.heldout)
    if outcome.kind == "promoted":
        standing = replace(standing, pooled=outcome.pooled)
        shares = round.weights(standing.lot, outcome.excluded)
        useful = [entry for entry, share in zip(standing.lot, shares, strict=True) if share > 0.0]
        if outcome.pool_micro:
            parts = split(Micro(outcome.pool_micro), [share for share in shares if share > 0.0])
            for entry, part in zip(useful, parts, strict=True):
                campaign.lot_owners[entry.attempt].paid += part
        # The data have taught the champion whether or not the bound rose; an unpaid lot stays open for pay.
        if outcome.pool_micro:
            old = Samples.concatenate(
                [standing.old, *(e.samples for e in useful if e.samples is not None)],
                standing.network.features,
                standing.network.actions,
            )
            standing = replace(
                standing,
                old=old,
                lot=(),
                tries=0,
                tried_size=0,
                escrow_micro=standing.escrow_micro - outcome.pool_micro,
            )
    campaign.standing = standing


def totals(players: list[Player]) -> dict[str, dict[str, float]]:
    """Figures by kind: contributions, credits, and charges after the first contribution."""
    grouped: dict[str, list[Player]] = defaultdict(list)
    for player in players:
        grouped[player.kind].append(player)
    result = {}
    for kind, members in grouped.items():
        later = [charged for player in members for charged in player.charges[1:]]
        every = [charged for player in members for charged in player.charges]
        contributions = sum(player.contributions for player in members)
        net = sum(player.paid - player.charged for player in members) / 1e6
        result[kind] = {
            "players": len(members),
            "contributions": contributions,
            "paid": sum(player.paid for player in members) / 1e6,
            "charged": sum(player.charged for player in members) / 1e6,
            "net": net,
            "net_per_contribution": net / max(1, contributions),
            "charged_share": float(np.mean(every)) if every else 0.0,
            "charged_share_after_first": float(np.mean(later)) if later else 0.0,
        }
    return result
