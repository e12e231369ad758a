"""Messages of accounts, campaigns, play and operators, in both directions, and what all messages share.

Together with `garage_messages`, `trace_messages`, `lab_messages` and `league_messages` they are the only
source of the protocol. Requests are strict, bounded and closed (an unknown field is an error); answers are
closed as well, so the OpenAPI document that is made from these files is the whole truth. TypeScript types and
the tables of `docs/protocol.md` are generated from it.

Conventions: `*_micro` is integer micro-credits (1 cr = 1,000,000), `*_at` is a UTC time in RFC 3339,
`*_s` seconds, scores are fractions of the reference driver's mean progress on the same starts.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from manyhands.arena.api import MOST_AXES, MOST_TICKS

MAX_MICRO = 1_000_000_000_000
PAGE_SIZE = 50

Base64 = r"^[A-Za-z0-9+/]*={0,2}$"


def _base64_length(count: int) -> int:
    """Characters that so many bytes take."""
    return 4 * -(-count // 3)


ID_PATTERN = r"^[A-Za-z0-9_-]{1,64}$"
NAME_PATTERN = r"^[^\x00-\x1f\x7f<>]*[^\x00-\x20\x7f<>][^\x00-\x1f\x7f<>]*$"
CID_PATTERN = r"^bafkrei[a-z2-7]{52}$"

Id = Annotated[str, Field(pattern=ID_PATTERN, max_length=64, description="Opaque id.")]
Cid = Annotated[
    str,
    Field(
        pattern=CID_PATTERN,
        max_length=59,
        description="Content id: CIDv1, raw, sha2-256, base32, of a safetensors file.",
    ),
]
Micro = Annotated[int, Field(description="Micro-credits; 1 cr = 1,000,000.")]
PositiveMicro = Annotated[int, Field(ge=1, le=MAX_MICRO, description="Micro-credits; 1 cr = 1,000,000.")]
Score = Annotated[float, Field(description="Fraction of the reference driver's mean progress.")]
Time = Annotated[datetime, Field(description="UTC time, RFC 3339.")]
Cursor = Annotated[str | None, Field(description="Pass as `cursor` to read the next page; null at the end.")]
Name = Annotated[
    str,
    Field(
        min_length=1,
        max_length=32,
        pattern=NAME_PATTERN,
        description="1 to 32 characters shown to other players; no control characters, no angle brackets.",
    ),
]
Sentence = Annotated[
    str,
    Field(
        min_length=3,
        max_length=500,
        pattern=r"^[^\x00-\x08\x0b-\x1f\x7f]+$",
        description="One sentence, 3 to 500 characters.",
    ),
]
Slug = Annotated[
    str,
    Field(
        pattern=r"^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$",
        max_length=40,
        description="Name in addresses: lower case letters, digits and inner hyphens.",
    ),
]
Role = Literal["player", "funder", "operator"]
CampaignState = Literal["warming", "open", "closing", "closed"]
AttemptStatus = Literal["pending", "valued", "refused", "judged", "withdrawn"]
VerdictKind = Literal["promoted", "kept", "control_promoted", "rolled_back", "bootstrap"]
EnvironmentId = Literal["racer-v0", "snake-v0"]
Sensor = Literal["camera", "lidar", "grid", "features"]
EventKind = Literal["hello", "attempt", "round", "verdict", "campaign", "balance", "dispute", "ban", "race"]


class Message(BaseModel):
    """Base of every message: closed and immutable; floats are finite."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Request(Message):
    """Base of every request body: as Message, and a value of another JSON type is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, strict=True)


class Problem(Message):
    """Any error (RFC 9457, `application/problem+json`)."""

    type: str = Field(description="Stable address of the kind of problem, `/problems/{code}`.")
    title: str = Field(description="The kind of problem in a few words.")
    status: int = Field(description="HTTP status code.")
    detail: str = Field(description="What happened, in one sentence.")
    code: str = Field(description="Stable machine-readable kind; quote it when asking for help.")
    field: str | None = Field(description="The offending field, header or path part; null if none.")
    remedy: str = Field(description="What to do next, in one sentence.")
    retry_after_s: int | None = Field(description="Seconds to wait before the same request may succeed.")


# ── sessions and the player ─────────────────────────────────────────────────────────────────────────


class SessionCreate(Request):
    """Start as a guest."""

    consent: Literal[True] = Field(description="Attempts may be stored, judged and used for training.")
    name: Name | None = Field(default=None, description="Shown to others; one is made up if absent.")


class SessionRecover(Request):
    """Open an existing account in this browser."""

    code: str = Field(
        min_length=16, max_length=64, pattern=r"^[A-Za-z0-9 -]+$", description="The recovery code."
    )


class Me(Message):
    """The signed-in player."""

    id: Id
    name: str
    role: Role
    balance_micro: Micro = Field(description="Free play credits, in micro-credits.")
    cash_micro: Micro = Field(description="Credits earned in withdrawable campaigns, in micro-credits.")
    staked_micro: Micro = Field(description="Locked by open or unjudged attempts, in micro-credits.")
    loan_micro: Micro = Field(
        description="Outstanding starter loan, in micro-credits, not negative; repaid first from earnings."
    )
    withdrawable_micro: Micro = Field(description="What could be withdrawn now, in micro-credits.")
    open_assignment_id: Id | None = Field(description="The one open assignment, if there is one.")
    has_recovery_code: bool
    created_at: Time
    consent_at: Time
    banned_until: Time | None
    slow_until: Time | None = Field(description="Until then new assignments wait, after refused replays.")


class MePatch(Request):
    """Change what the player may change."""

    name: Name


class RecoveryCode(Message):
    """A new recovery code; shown once, only its hash is stored, an older one stops working."""

    code: str


class StatementLine(Message):
    """One transfer as it moved one of the player's accounts."""

    transfer_id: Id
    kind: str = Field(description="loan, stake, return, charge, pay, fund, refund, issue, sponsor, prize.")
    account: Literal["wallet", "cash", "stake", "loan"]
    amount_micro: Micro = Field(description="Signed change of that account, in micro-credits.")
    balance_micro: Micro = Field(description="That account's balance afterwards, in micro-credits.")
    campaign_id: Id | None
    attempt_id: Id | None
    verdict_id: Id | None
    memo: str
    hash: str = Field(description="Hex sha256 of the transfer in the ledger's hash chain.")
    created_at: Time


class Statement(Message):
    """A page of the player's statement, newest first."""

    lines: list[StatementLine]
    next_cursor: Cursor


class DataExport(Message):
    """Everything stored about the player, as rows of plain data."""

    licence: str
    player: dict[str, JsonValue]
    assignments: list[dict[str, JsonValue]]
    attempts: list[dict[str, JsonValue]]
    disputes: list[dict[str, JsonValue]]
    experiments: list[dict[str, JsonValue]]
    runs: list[dict[str, JsonValue]]
    race_entries: list[dict[str, JsonValue]]
    statement: list[StatementLine]


class DataWithdrawn(Message):
    """The player's contributions no longer train anything; the books stay."""

    attempts_withdrawn: int
    experiments_deleted: int
    runs_deleted: int
    entries_deleted: int = Field(description="Entries into races that have neither closed nor a final.")
    note: str


# ── environments, tracks, policies ──────────────────────────────────────────────────────────────────


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


# ── campaigns ───────────────────────────────────────────────────────────────────────────────────────


class CampaignSummary(Message):
    """A campaign in a list."""

    id: Id
    slug: str
    name: str
    environment: EnvironmentId
    sensor: Sensor
    state: CampaignState
    champion_cid: Cid | None = Field(description="Null while the campaign warms up.")
    score: Score | None = Field(description="The champion's score on the standing held-out suite.")
    score_low: Score | None
    score_high: Score | None
    score_first: Score | None
    target_score: Score
    stake_micro: Micro
    escrow_micro: Micro = Field(description="Credits left in the escrow, in micro-credits.")
    paid_micro: Micro = Field(description="Paid to players so far, in micro-credits.")
    paid_today_micro: Micro = Field(description="Paid to players in the last 24 h, in micro-credits.")
    players: int = Field(description="Players with at least one attempt.")
    attempts: int
    withdrawable: bool = Field(description="Whether earnings count as withdrawable credits.")
    created_at: Time


class Campaigns(Message):
    """All campaigns, newest first within their state."""

    campaigns: list[CampaignSummary]


class ScorePoint(Message):
    """One point of the score history."""

    verdict_id: Id
    number: int
    kind: VerdictKind
    champion_cid: Cid | None
    score: Score | None = Field(description="Score of the champion after the verdict.")
    score_low: Score | None
    score_high: Score | None
    attempts: int = Field(description="Attempts judged in the campaign until then.")
    paid_micro: Micro
    created_at: Time


class JudgeState(Message):
    """What the judge is doing for a campaign."""

    state: Literal["warming", "ready", "away"] = Field(
        description="warming: compiling or training the first champion; away: no heartbeat for 15 s."
    )
    starts_ready: int = Field(description="Unused starts stored for the current champion.")
    pending_attempts: int
    pending_s: float = Field(description="Estimated seconds of judging pending.")
    note: str = Field(description="Progress in words, empty when there is nothing to say.")
    progress: float | None = Field(description="0 to 1 while warming, else null.")


class PayFigures(Message):
    """This campaign's numbers in the payment rule."""

    stake_micro: Micro
    round_contributions: int = Field(description="A round closes at this many contributions.")
    round_wait_s: float = Field(description="Or this long after its first, in seconds.")
    budget_micro: Micro = Field(description="All credits ever put into the escrow, in micro-credits.")
    escrow_micro: Micro
    paid_fraction: float = Field(description="C: the part of the improvement already paid, 0 to 1.")
    gain_sum: float = Field(description="G: summed gains over promotions, in score.")
    gain_variance: float = Field(description="V: summed squared errors of those gains.")
    score_first: Score | None
    target_score: Score


class LotSummary(Message):
    """The open lot."""

    number: int
    tries: int = Field(description="Times the gate was tried with this lot.")
    contributions: int
    positive: int = Field(description="Contributions with a positive value, which share the pool.")
    players: int
    pending: int = Field(description="Attempts received and not yet valued.")
    round_id: Id | None = Field(description="The open round, if there is one.")
    round_contributions: int = Field(description="Contributions in the open round.")
    round_opened_at: Time | None
    rounds_waiting: int = Field(description="Closed rounds whose verdict is still to come.")


class Campaign(CampaignSummary):
    """A campaign with all its page shows."""

    config: dict[str, JsonValue] = Field(description="Environment configuration, as assignments carry it.")
    funder_id: Id | None
    funder_name: str | None
    reference_score: float | None = Field(description="The reference driver's mean progress, metres.")
    charged_micro: Micro = Field(description="Charged from stakes so far, in micro-credits.")
    budget_micro: Micro
    history: list[ScorePoint]
    lot: LotSummary
    pay: PayFigures
    judge: JudgeState
    closed_at: Time | None
    can_manage: bool = Field(description="Whether the signed-in player may fund and close it.")


class CampaignCreate(Request):
    """Fund a new campaign from the player's wallet."""

    name: Annotated[str, Field(min_length=3, max_length=60, pattern=r"^[^\x00-\x1f\x7f<>]+$")]
    slug: Slug | None = Field(default=None, description="Made from the name if absent.")
    environment: EnvironmentId = "racer-v0"
    sensor: Sensor = Field(description="One of the environment's sensors.")
    budget_micro: PositiveMicro
    stake_micro: Annotated[int, Field(ge=0, le=100_000_000, description="Micro-credits; at most 100 cr.")]
    target_score: Annotated[float, Field(gt=0.0, le=2.0, description="Score that uses up the budget.")]


class CampaignFund(Request):
    """Top up the escrow from the player's wallet."""

    amount_micro: PositiveMicro


class CampaignPlayer(Message):
    """One player's row in the campaign's table."""

    player_id: Id
    name: str
    attempts: int
    contributions: int
    value: float = Field(description="Sum of values of judged and waiting contributions.")
    paid_micro: Micro
    charged_micro: Micro
    net_micro: Micro


class CampaignPlayers(Message):
    """Players by net earnings, best first."""

    players: list[CampaignPlayer]
    next_cursor: Cursor


class LotEntry(Message):
    """One contribution of the open lot."""

    attempt_id: Id
    player_id: Id
    player_name: str
    status: AttemptStatus
    value: float | None
    ticks: int
    actors: str = Field(description="base64 of uint8 per tick: 0 policy, 1 human.")
    received_at: Time


class Lot(LotSummary):
    """The open lot as a list, newest first."""

    entries: list[LotEntry]
    next_cursor: Cursor


# ── assignments and attempts ────────────────────────────────────────────────────────────────────────


class Assignment(Message):
    """What a player is given to play."""

    id: Id
    campaign: Id
    environment: EnvironmentId
    config: dict[str, JsonValue] = Field(description="Environment configuration: sensor and conditions.")
    sensor: Sensor
    start: dict[str, JsonValue] = Field(description="Start state with all its randomness materialised.")
    champion_cid: Cid
    seed: Annotated[int, Field(ge=0, le=2**32 - 1, description="Seed of later draws, unsigned 32 bit.")]
    stake_micro: Micro = Field(description="Locked now; the most this attempt can lose, in micro-credits.")
    created_at: Time
    expires_at: Time
    max_ticks: int = Field(description="Longest attempt in control ticks of the environment's `tick_s`.")


class AttemptCreate(Request):
    """One play of an assignment."""

    ticks: Annotated[
        int,
        Field(ge=1, le=MOST_TICKS, description="Control ticks played, at most the assignment's `max_ticks`."),
    ]
    actions: Annotated[
        str,
        Field(
            min_length=4,
            max_length=_base64_length(MOST_AXES * MOST_TICKS),
            pattern=Base64,
            description="base64 of int8, ticks x axes of the environment, row-major: executed, in -127..127.",
        ),
    ]
    actors: Annotated[
        str,
        Field(
            min_length=4,
            max_length=_base64_length(MOST_TICKS),
            pattern=Base64,
            description="base64 of uint8, one per tick: 0 policy, 1 human.",
        ),
    ]
    final: Annotated[
        dict[
            Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=32)],
            Annotated[float, Field(ge=-1e6, le=1e6)],
        ],
        Field(
            min_length=1,
            max_length=32,
            description="Final state the client saw, as the environment reports it.",
        ),
    ]


class AttemptAccepted(Message):
    """The attempt is stored durably and will be judged exactly once."""

    attempt_id: Id


class Takeover(Message):
    """One takeover compared with the champion alone from the same state."""

    first_tick: int
    ticks: int = Field(description="Ticks under the human's hands.")
    value: float = Field(description="Takeover advantage, in the unit of the attempt's value.")
    alone_crash_s: float | None = Field(
        description="Seconds after the takeover at which the model alone crashes; null if it goes on."
    )
    yours_crash_s: float | None = Field(
        description="Seconds after the takeover at which this attempt crashed; null if it went on."
    )
    alone_progress_m: float = Field(description="The model alone over the same ticks: metres or foods.")
    yours_progress_m: float = Field(description="This attempt over the compared ticks: metres or foods.")


class Reason(Message):
    """Why an attempt came out as it did: one sentence and its parts for a page to phrase itself."""

    code: str = Field(
        description="Stable kind: waiting, valued, no_takeover, paid, kept, charged, refused_..."
    )
    sentence: str
    parts: dict[str, JsonValue] = Field(description="The figures the sentence uses, by name.")


class AttemptSummary(Message):
    """An attempt in a list."""

    id: Id
    campaign_id: Id
    environment: EnvironmentId
    status: AttemptStatus
    ticks: int
    human_ticks: int
    actors: str = Field(description="base64 of uint8 per tick: 0 policy, 1 human.")
    value: float | None = Field(description="Takeover advantage of it all: metres, in Snake foods.")
    paid_micro: Micro
    charged_micro: Micro
    verdict_id: Id | None
    received_at: Time


class Attempts(Message):
    """The player's attempts, newest first."""

    attempts: list[AttemptSummary]
    next_cursor: Cursor


class Attempt(AttemptSummary):
    """An attempt with its outcome so far."""

    assignment_id: Id
    player_id: Id
    player_name: str
    champion_cid: Cid
    root: str = Field(description="Hex sha256 over the attempt's canonical content.")
    stake_micro: Micro
    reason: Reason
    takeovers: list[Takeover]
    round_id: Id | None
    lot_number: int | None
    lot_contributions: int | None = Field(description="Contributions of that lot so far.")
    round_contributions: int | None = Field(description="Contributions in its round so far.")
    verdict: VerdictSummary | None
    dispute: Dispute | None
    valued_at: Time | None
    judged_at: Time | None


class AttemptReplay(Message):
    """All that is needed to drive the attempt again, alone or beside the champions."""

    attempt_id: Id
    campaign_id: Id
    environment: EnvironmentId
    config: dict[str, JsonValue]
    sensor: Sensor
    start: dict[str, JsonValue]
    seed: int
    ticks: int
    actions: str = Field(description="base64 of int8, ticks x axes of the environment, row-major.")
    actors: str = Field(description="base64 of uint8 per tick: 0 policy, 1 human.")
    takeovers: list[Takeover]
    champion_before: Cid
    champion_after: Cid | None = Field(description="Champion after the attempt's verdict; null until then.")


class DisputeCreate(Request):
    """Dispute an attempt's outcome in one sentence; an operator reads it."""

    text: Sentence


class Dispute(Message):
    """A dispute and its answer."""

    id: Id
    attempt_id: Id
    verdict_id: Id | None
    player_id: Id
    player_name: str
    text: str
    state: Literal["open", "answered"]
    answer: str | None
    created_at: Time


# ── verdicts ────────────────────────────────────────────────────────────────────────────────────────


class VerdictSummary(Message):
    """A verdict in words and figures."""

    id: Id
    campaign_id: Id
    round_id: Id | None
    number: int
    kind: VerdictKind
    champion_before: Cid | None
    champion_after: Cid | None
    score_before: Score | None
    score_after: Score | None
    gain: Score | None = Field(description="Measured difference of the scores on fresh starts.")
    gain_low: Score | None = Field(description="Lower end of its 95 % interval.")
    gain_high: Score | None = Field(description="Upper end of its 95 % interval.")
    pool_micro: Micro = Field(description="Paid to the lot by this verdict, in micro-credits.")
    charged_micro: Micro = Field(description="Charged by this verdict, in micro-credits.")
    lot_number: int | None
    contributions: int = Field(description="Contributions in the lot when it was judged.")
    sentence: str
    created_at: Time


class Verdicts(Message):
    """Verdicts of a campaign, newest first."""

    verdicts: list[VerdictSummary]
    next_cursor: Cursor


class VerdictEntry(Message):
    """What a verdict did to one attempt."""

    attempt_id: Id
    player_id: Id
    player_name: str
    value: float | None
    paid_micro: Micro
    charged_micro: Micro


class Verdict(VerdictSummary):
    """A verdict with everything needed to recompute it."""

    environment: EnvironmentId
    secret_commit: str | None = Field(description="Hex sha256 of the round's secret, published before.")
    secret: str | None = Field(description="The secret, revealed when the round is judged.")
    entries: list[VerdictEntry]
    body: dict[str, JsonValue] = Field(description="Seeds, CIDs, gate figures, per-start scores, amounts.")


# ── leaderboard, events, operator ───────────────────────────────────────────────────────────────────


class LeaderRow(CampaignPlayer):
    """One player over all campaigns."""

    rank: int
    campaigns: int


class Leaderboard(Message):
    """Players by net earnings over all campaigns, best first."""

    players: list[LeaderRow]
    own_rank: int | None


class Event(Message):
    """`data` of one server-sent event; `id` of the event is `seq`, `event` is `kind`.

    hello: sent first; payload is {}. attempt: {attempt_id, campaign_id, status, value}.
    round: {campaign_id, round_id, number, state, contributions}. verdict: {campaign_id, verdict_id, number,
    kind}. campaign: {campaign_id, state}. balance: {} (read `/me` again). dispute: {dispute_id, attempt_id}.
    ban: {until}. race: {race_id}, a step of its final or its close.
    """

    seq: int
    kind: EventKind
    payload: dict[str, JsonValue]
    created_at: Time


class QueueRow(Message):
    """Jobs of one kind and state."""

    kind: str
    state: str
    jobs: int
    oldest_at: Time | None


class Incident(Message):
    """Something that went wrong on the server's side."""

    id: Id
    source: str
    kind: str
    message: str
    created_at: Time


class BanCreate(Request):
    """Keep a player from playing for a while."""

    player_id: Annotated[str, Field(pattern=ID_PATTERN, max_length=64)]
    hours: Annotated[float, Field(gt=0, le=87_600, description="How long, in hours.")]
    reason: Sentence


class Ban(Message):
    """A ban in force."""

    player_id: Id
    name: str
    banned_until: Time
    forged_count: int = Field(description="Attempts refused by the replay so far.")


class DisputeAnswer(Request):
    """The operator's answer to a dispute."""

    answer: Sentence


class ProcessRow(Message):
    """A judge process by its last heartbeat, which is at most two minutes old."""

    name: str
    heartbeat_age_s: float | None
    note: str


class Overview(Message):
    """The operator's page."""

    queue: list[QueueRow]
    pending_attempts: int
    judged_per_s: float | None
    processes: list[ProcessRow]
    incidents: list[Incident]
    bans: list[Ban]
    disputes: list[Dispute]
    players: int
    attempts_24h: int
    credits_issued_micro: Micro


class Health(Message):
    """Whether the service works."""

    status: Literal["ok", "degraded"]
    database: bool
    judge: Literal["warming", "ready", "away"]
    judge_heartbeat_age_s: float | None
    version: str


Attempt.model_rebuild()
