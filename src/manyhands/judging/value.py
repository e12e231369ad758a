"""Replay attempts, check their claims, and value each takeover against the champion from the same state.

The value of a takeover is the progress of the human's ticks and 2 s of champion after the hand-back, minus
the progress of the champion alone from the same state over the same time, clipped; long takeovers are cut
into pieces. Their sum is capped by the advantage of the whole attempt over the champion alone from the
assigned start, so that making a danger and rescuing from it earns nothing. It is deterministic and needs no
other player.
"""

import math
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

# Of every compiled batch, filled up where fewer come: an attempt gets the same bits in whatever company, and
# one program serves them all.
ROWS = 32
AFTER_S = 2.0  # of champion after the hand-back
PIECE_S = 6.0  # longest stretch compared as one
ALLOWED_STEPS = 2  # of quantisation, between a claimed policy tick and the replayed policy
CLAIM_SHARE = 0.98
LEFT_TO_POLICY_WEIGHT = 0.3  # of a tick at which the human chose not to intervene
BEFORE_CRASH_S = 1.0  # not learned from
DECIMALS = 3  # of progress; sums of the same ticks in another order differ by some 1e-5


def value(task: Task, spec: NetworkSpec, champion: Params, attempts: Sequence[Attempt]) -> list[Valued]:
    """Judge attempts that drove with the same champion; in their order.

    An attempt whose replay does not confirm it comes back with `refusal`, a sentence, and moves nothing.
    """
    found: list[Valued] = []
    for at in range(0, len(attempts), ROWS):
        found += _value(task, spec, champion, attempts[at : at + ROWS])
    return found


def _value(task: Task, spec: NetworkSpec, champion: Params, attempts: Sequence[Attempt]) -> list[Valued]:
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
        states, trace = _replay(task, spec, champion, good, starts)
        compared = _compare(task, spec, champion, trace, good)
        alone, _ = simulate.drive(task, spec, champion, states, jnp.ones(ROWS, bool), task.max_ticks)
        for row, attempt in enumerate(good):
            outcome[attempt.id] = _judge(task, attempt, row, trace, compared[row], np.asarray(alone)[:, row])
    return [outcome[attempt.id] for attempt in attempts]


def drives(task: Task, spec: NetworkSpec, champion: Params, attempts: Sequence[Attempt]) -> dict[str, Drive]:
    """What the learner could use of attempts that were accepted before, by id; cheaper than valuing again."""
    found: dict[str, Drive] = {}
    for at in range(0, len(attempts), ROWS):
        some = attempts[at : at + ROWS]
        _, trace = _replay(task, spec, champion, some, [task.from_plain(attempt.start) for attempt in some])
        for row, attempt in enumerate(some):
            found[attempt.id] = _drive(task, attempt, row, trace, int(trace.alive[:, row].sum()))
    return found


def _replay(
    task: Task, spec: NetworkSpec, champion: Params, attempts: Sequence[Attempt], starts: list[Any]
) -> tuple[Any, simulate.Trace]:
    """Stacked starts and the trace of up to ROWS attempts, on the host."""
    states = simulate.stack_states(starts, ROWS)
    trace = simulate.replay(task, spec, champion, states, *padded_actions(task, attempts))
    return states, simulate.Trace(*(simulate.pick(part, slice(None)) for part in trace))


def padded_actions(task: Task, attempts: Sequence[Attempt]) -> tuple[NDArray[np.int8], NDArray[np.int32]]:
    """Actions (max_ticks, ROWS, axes) and lengths (ROWS,) for `simulate.replay`, each one tick longer."""
    axes = attempts[0].actions.shape[1]
    actions = np.zeros((task.max_ticks, ROWS, axes), np.int8)
    ticks = np.zeros(ROWS, np.int32)
    for row, attempt in enumerate(attempts):
        actions[: attempt.ticks, row] = attempt.actions
        # One tick more with the last action: rounding may let the crash that ended it come a tick later.
        actions[attempt.ticks : attempt.ticks + 1, row] = attempt.actions[-1]
        ticks[row] = attempt.ticks + 1
    return actions, ticks


def stretches(held: NDArray[np.bool_], longest: int) -> list[tuple[int, int]]:
    """(first tick, end tick) of each stretch of held ticks, cut into pieces of at most `longest` ticks."""
    edge = np.diff(np.concatenate([[0], held, [0]]).astype(np.int8))
    found: list[tuple[int, int]] = []
    begins, ends = np.flatnonzero(edge == 1).tolist(), np.flatnonzero(edge == -1).tolist()
    for first, end in zip(begins, ends, strict=True):
        found += [(at, min(at + longest, end)) for at in range(first, end, longest)]
    return found


def _pieces(task: Task, attempts: Sequence[Attempt], trace: simulate.Trace) -> list[tuple[int, int, int]]:
    """(row, first tick, end tick) of what was not the champion's doing, whoever it is said to be.

    The few ticks that may differ from the champion unnamed would else make dangers that cost nothing.
    """
    longest = round(PIECE_S * task.ticks_per_s)
    found = []
    for row, attempt in enumerate(attempts):
        held = (attempt.actors == HUMAN) | ~_as_policy(trace, attempt, row)
        found += [(row, *stretch) for stretch in stretches(held, longest)]
    return found


def _compare(
    task: Task,
    spec: NetworkSpec,
    champion: Params,
    trace: simulate.Trace,
    attempts: Sequence[Attempt],
) -> list[list[Takeover]]:
    """Takeovers of each attempt, in order."""
    result: list[list[Takeover]] = [[] for _ in attempts]
    pieces = _pieces(task, attempts, trace)
    for at in range(0, len(pieces), ROWS):
        some = pieces[at : at + ROWS]
        for (row, *_), takeover in zip(
            some, _takeovers(task, spec, champion, trace, attempts, some), strict=True
        ):
            result[row].append(takeover)
    return result


def _takeovers(
    task: Task,
    spec: NetworkSpec,
    champion: Params,
    trace: simulate.Trace,
    attempts: Sequence[Attempt],
    pieces: list[tuple[int, int, int]],
) -> list[Takeover]:
    """Value up to ROWS pieces (row, first tick, end tick) in two compiled calls."""
    after, longest = round(AFTER_S * task.ticks_per_s), round(PIECE_S * task.ticks_per_s)
    rows, first, end = np.array(pieces + [pieces[-1]] * (ROWS - len(pieces))).T
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
    found: list[Takeover] = []
    for n, (row, begin, stop) in enumerate(pieces):
        length = stop - begin
        before = total[begin - 1, row] if begin else 0.0
        hand = total[min(stop, len(total)) - 1, row] - before + follow[-1, n]
        # Whoever does what the champion does is worth exactly 0, wherever rounding leads the two of them.
        copied = _as_policy(trace, attempts[row], row)[begin : last[n]].all()
        advantage = 0.0 if copied else hand - alone[length + after - 1, n]
        gain = round(float(np.clip(advantage, -task.progress_clip, task.progress_clip)), DECIMALS)
        runs = np.concatenate([np.full(last[n] - begin, True), follow_runs[:, n] & going[n]])
        found.append(
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
    return found


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
    whole = round(progress - alone_progress, DECIMALS)
    if total > 0.0:
        # Letting go for a tick in between makes more takeovers of the same driving, not more value.
        most = task.progress_clip * math.ceil(ticks / round(PIECE_S * task.ticks_per_s))
        total = min(total, most, max(0.0, whole))
    return Valued(
        attempt.id,
        value=round(total, DECIMALS),
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
    claimed = attempt.actors != HUMAN
    claimed[driven:] = False
    if claimed.any() and _as_policy(trace, attempt, row)[claimed].mean() < CLAIM_SHARE:
        return (
            "Ticks that are marked as the model's are not what the model does, so the attempt does not count."
        )
    return ""


def _as_policy(trace: simulate.Trace, attempt: Attempt, row: int) -> NDArray[np.bool_]:
    """Ticks (ticks,) at which the executed action is the champion's, or that of a tie of its."""
    wanted = np.asarray(trace.policy_action)[: attempt.ticks, row].astype(np.int16)
    gap = np.abs(wanted - attempt.actions.astype(np.int16)).max(axis=1)
    agrees: NDArray[np.bool_] = (gap <= ALLOWED_STEPS) | np.asarray(trace.tie)[: attempt.ticks, row]
    return agrees


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
