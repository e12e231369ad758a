"""Replay attempts, check their claims, and value each takeover against the champion from the same state.

The value of a takeover is the progress of the human's ticks and 2 s of champion after the hand-back, minus
the progress of the champion alone from the same state over the same time, clipped; long takeovers are cut
into pieces. Their sum is capped by the advantage of the whole attempt over the champion alone from the
assigned start, so that making a danger and rescuing from it earns nothing. It is deterministic and needs no
other player.
"""

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from manyhands.envs.core import Task
from manyhands.errors import InputError
from manyhands.judging.records import HUMAN, Attempt, Takeover, Valued
from manyhands.learners.reaction import Drive
from manyhands.policies import simulate
from manyhands.policies.network import NetworkSpec, Params

AFTER_S = 2.0  # of champion after the hand-back
PIECE_S = 6.0  # longest stretch compared as one
ALLOWED_STEPS = 2  # of quantisation, between a claimed policy tick and the replayed policy
CLAIM_SHARE = 0.98
LEFT_TO_POLICY_WEIGHT = 0.3  # of a tick at which the human chose not to intervene
BEFORE_CRASH_S = 1.0  # not learned from


def value(task: Task, spec: NetworkSpec, champion: Params, attempts: Sequence[Attempt]) -> list[Valued]:
    """Judge attempts that drove with the same champion; in their order.

    An attempt whose replay does not confirm it comes back with `refusal`, a sentence, and moves nothing.
    """
    starts: list[Any] = []
    outcome: dict[str, Valued] = {}
    good: list[Attempt] = []
    for attempt in attempts:
        try:
            starts.append(task.from_plain(attempt.start))
            good.append(attempt)
        except InputError as fault:
            outcome[attempt.id] = Valued(attempt.id, refusal=fault.message)
    if good:
        size = simulate.padded(len(good))
        states = simulate.stack_states(starts, size)
        trace = simulate.replay(task, spec, champion, states, *padded_actions(task, good, size))
        trace = simulate.Trace(*(simulate.pick(part, slice(None)) for part in trace))
        pieces = _pieces(task, good)
        gains = _compare(task, spec, champion, trace, pieces, good)
        alone, _ = simulate.drive(task, spec, champion, states, jnp.ones(size, bool), task.max_ticks)
        for row, attempt in enumerate(good):
            outcome[attempt.id] = _judge(task, attempt, row, trace, gains[row], np.asarray(alone)[:, row])
    return [outcome[attempt.id] for attempt in attempts]


def drives(task: Task, spec: NetworkSpec, champion: Params, attempts: Sequence[Attempt]) -> dict[str, Drive]:
    """What the learner could use of attempts that were accepted before, by id; cheaper than valuing again."""
    size = simulate.padded(len(attempts))
    states = simulate.stack_states([task.from_plain(attempt.start) for attempt in attempts], size)
    trace = simulate.replay(task, spec, champion, states, *padded_actions(task, attempts, size))
    trace = simulate.Trace(*(simulate.pick(part, slice(None)) for part in trace))
    driven = trace.alive.sum(axis=0)
    return {
        attempt.id: _drive(task, attempt, row, trace, int(driven[row]))
        for row, attempt in enumerate(attempts)
    }


def padded_actions(
    task: Task, attempts: Sequence[Attempt], size: int
) -> tuple[NDArray[np.int8], NDArray[np.int32]]:
    """Actions (max_ticks, size, axes) and lengths (size,) for `simulate.replay`, each one tick longer."""
    axes = attempts[0].actions.shape[1]
    actions = np.zeros((task.max_ticks, size, axes), np.int8)
    ticks = np.zeros(size, np.int32)
    for row, attempt in enumerate(attempts):
        actions[: attempt.ticks, row] = attempt.actions
        # One tick more with the last action: rounding may let the crash that ended it come a tick later.
        actions[attempt.ticks : attempt.ticks + 1, row] = attempt.actions[-1]
        ticks[row] = attempt.ticks + 1
    return actions, ticks


def stretches(actors: NDArray[np.uint8], longest: int) -> list[tuple[int, int]]:
    """(first tick, end tick) of each stretch of human control, cut into pieces of at most `longest` ticks."""
    edge = np.diff(np.concatenate([[0], actors == HUMAN, [0]]).astype(np.int8))
    found: list[tuple[int, int]] = []
    begins, ends = np.flatnonzero(edge == 1).tolist(), np.flatnonzero(edge == -1).tolist()
    for first, end in zip(begins, ends, strict=True):
        found += [(at, min(at + longest, end)) for at in range(first, end, longest)]
    return found


def _pieces(task: Task, attempts: Sequence[Attempt]) -> list[tuple[int, int, int]]:
    longest = round(PIECE_S * task.ticks_per_s)
    return [(row, *stretch) for row, a in enumerate(attempts) for stretch in stretches(a.actors, longest)]


def _compare(
    task: Task,
    spec: NetworkSpec,
    champion: Params,
    trace: simulate.Trace,
    pieces: list[tuple[int, int, int]],
    attempts: Sequence[Attempt],
) -> list[list[Takeover]]:
    """Value every piece; all of a batch in two compiled calls."""
    result: list[list[Takeover]] = [[] for _ in attempts]
    if not pieces:
        return result
    after, longest = round(AFTER_S * task.ticks_per_s), round(PIECE_S * task.ticks_per_s)
    size = simulate.padded(len(pieces))
    rows, first, end = np.array(pieces + [pieces[-1]] * (size - len(pieces))).T
    ended = trace.alive.sum(axis=0)  # ticks that were really driven
    last = np.minimum(end, ended[rows])
    at_first = simulate.pick(trace.states, (np.minimum(first, task.max_ticks - 1), rows))
    at_end = simulate.pick(trace.states, (np.minimum(last, task.max_ticks - 1), rows))
    final = simulate.pick(trace.final, rows)
    over = last >= ended[rows]
    at_end = simulate.choose(over, final, at_end)
    going = ~over | trace.survived[rows]
    alone, alone_runs = map(
        np.asarray, simulate.drive(task, spec, champion, at_first, first < ended[rows], longest + after)
    )
    follow, follow_runs = map(np.asarray, simulate.drive(task, spec, champion, at_end, going, after))
    total = np.cumsum(trace.progress, axis=0)
    for n, (row, begin, stop) in enumerate(pieces):
        length = stop - begin
        before = total[begin - 1, row] if begin else 0.0
        hand = total[min(stop, len(total)) - 1, row] - before + follow[-1, n]
        gain = float(np.clip(hand - alone[length + after - 1, n], -task.progress_clip, task.progress_clip))
        runs = np.concatenate([np.full(last[n] - begin, True), follow_runs[:, n] & going[n]])
        result[row].append(
            Takeover(
                first=begin,
                ticks=length,
                gain=gain,
                alone_crash_s=_crash_s(alone_runs[: length + after, n], task.ticks_per_s),
                hand_crash_s=_crash_s(runs, task.ticks_per_s),
                alone_progress=round(float(alone[length + after - 1, n]), 4),
                hand_progress=round(float(hand), 4),
            )
        )
    return result


def _crash_s(running: np.ndarray, ticks_per_s: int) -> float | None:
    return None if running.all() else round(float(np.argmin(running) + 1) / ticks_per_s, 2)


def _judge(
    task: Task,
    attempt: Attempt,
    row: int,
    trace: simulate.Trace,
    takeovers: list[Takeover],
    alone: np.ndarray,
) -> Valued:
    driven = int(trace.alive[:, row].sum())
    refusal = _refusal(task, attempt, row, trace, driven)
    if refusal:
        return Valued(attempt.id, refusal=refusal)
    progress = float(trace.progress[:, row].sum())
    ticks = min(driven, attempt.ticks)
    alone_progress = float(alone[ticks - 1]) if trace.survived[row] else float(alone[-1])
    total = sum(takeover.gain for takeover in takeovers)
    whole = progress - alone_progress
    if total > 0.0:
        total = min(total, max(0.0, whole))
    return Valued(
        attempt.id,
        value=round(total, 6),
        takeovers=tuple(takeovers),
        progress=round(progress, 4),
        alone_progress=round(alone_progress, 4),
        human_ticks=int((attempt.actors == HUMAN).sum()),
        ended_s=round(ticks / task.ticks_per_s, 3),
        crashed=not bool(trace.survived[row]),
        drive=_drive(task, attempt, row, trace, driven),
    )


def _refusal(task: Task, attempt: Attempt, row: int, trace: simulate.Trace, driven: int) -> str:
    """Why the replay does not confirm the attempt, or an empty string."""
    if attempt.ticks > driven + 1:
        return "The replay ended earlier than your page says it did, so the attempt does not count."
    if attempt.ticks < task.max_ticks and trace.survived[row]:
        return "The attempt stops before its time without a crash, so it does not count."
    final = simulate.pick(trace.final, row)
    if task.deviation(final, attempt.final) > 1.0:
        return "The replay did not end where your page said it would, so the attempt does not count."
    ticks = min(driven, attempt.ticks)
    claimed = attempt.actors[:ticks] != HUMAN
    if claimed.any():
        wanted = trace.policy_action[:ticks, row].astype(np.int16)
        gap = np.abs(wanted - attempt.actions[:ticks].astype(np.int16)).max(axis=1)
        agrees = (gap <= ALLOWED_STEPS) | trace.tie[:ticks, row]
        if agrees[claimed].mean() < CLAIM_SHARE:
            return (
                "Ticks that are marked as the model's are not what the model does, "
                "so the attempt does not count."
            )
    return ""


def _drive(task: Task, attempt: Attempt, row: int, trace: simulate.Trace, driven: int) -> Drive:
    """Human ticks at full weight, those left to the policy at a low one, no last second before a crash."""
    ticks = min(driven, attempt.ticks)
    human = attempt.actors[:ticks] == HUMAN
    weights = np.where(human, 1.0, LEFT_TO_POLICY_WEIGHT).astype(np.float32)
    if not trace.survived[row]:
        weights[max(0, ticks - round(BEFORE_CRASH_S * task.ticks_per_s)) :] = 0.0
    return Drive(
        features=np.asarray(trace.features)[:ticks, row],
        actions=attempt.actions[:ticks].astype(np.float32) / 127.0,
        weights=weights,
        human=human,
    )
