"""What the rest of the program may use of the arena; nothing here needs JAX.

Every function takes a database connection first: those that change something run inside the group
writer's transaction, the others inside any. They return plain rows; times are microseconds (`*_us`).
"""

from manyhands.arena.assignments import (
    AssignmentOrder,
    assign,
    cancel_assignment,
    expire_assignments,
    read_assignment,
)
from manyhands.arena.attempt_views import attempt_detail, attempt_replay, attempts_of
from manyhands.arena.attempts import VALUE_JOB, Play, submit
from manyhands.arena.boards import campaign_lot, campaign_players, leaderboard, own_rank
from manyhands.arena.campaign_views import campaign_detail, list_campaigns
from manyhands.arena.campaigns import (
    BOOTSTRAP_JOB,
    CampaignOrder,
    TopUp,
    close_campaign,
    create_campaign,
    ensure_ready_made,
    find_campaign,
    fund_campaign,
    may_manage,
    settle_closing,
    sweep_needed,
)
from manyhands.arena.environments import MOST_AXES, MOST_TICKS, SPECS
from manyhands.arena.exports import export_batch, export_header, export_player, statement, withdraw_data
from manyhands.arena.gauges import beat, set_gauge
from manyhands.arena.operations import (
    answer_dispute,
    ban,
    dispute,
    lift_ban,
    overview,
    record_incident,
    service_figures,
)
from manyhands.arena.players import (
    admit,
    create_guest,
    create_operator_token,
    find_player,
    give_role,
    is_operator_token,
    named_players,
    own_view,
    player_by_recovery,
    refuse_banned,
    rename_player,
    set_recovery,
    token_hash,
)
from manyhands.arena.policies import list_policies, policy_as_onnx, policy_row
from manyhands.arena.verdict_views import campaign_verdicts, verdict_detail

__all__ = [
    "BOOTSTRAP_JOB",
    "MOST_AXES",
    "MOST_TICKS",
    "SPECS",
    "VALUE_JOB",
    "AssignmentOrder",
    "CampaignOrder",
    "Play",
    "TopUp",
    "admit",
    "answer_dispute",
    "assign",
    "attempt_detail",
    "attempt_replay",
    "attempts_of",
    "ban",
    "beat",
    "campaign_detail",
    "campaign_lot",
    "campaign_players",
    "campaign_verdicts",
    "cancel_assignment",
    "close_campaign",
    "create_campaign",
    "create_guest",
    "create_operator_token",
    "dispute",
    "ensure_ready_made",
    "expire_assignments",
    "export_batch",
    "export_header",
    "export_player",
    "find_campaign",
    "find_player",
    "fund_campaign",
    "give_role",
    "is_operator_token",
    "leaderboard",
    "lift_ban",
    "list_campaigns",
    "list_policies",
    "may_manage",
    "named_players",
    "overview",
    "own_rank",
    "own_view",
    "player_by_recovery",
    "policy_as_onnx",
    "policy_row",
    "read_assignment",
    "record_incident",
    "refuse_banned",
    "rename_player",
    "service_figures",
    "set_gauge",
    "set_recovery",
    "settle_closing",
    "statement",
    "submit",
    "sweep_needed",
    "token_hash",
    "verdict_detail",
    "withdraw_data",
]
