"""Policies by content id: where they stand in their campaign; and any policy file's ONNX form."""

from __future__ import annotations

from sqlalchemy import Connection, select

from manyhands.errors import NotFoundError
from manyhands.storage.schema import policies
from manyhands.types import Json


def _view(row: Json) -> Json:
    return {
        "cid": row["cid"],
        "kind": row["kind"],
        "parent_cid": row["parent_cid"],
        "score": row["score"],
        "score_low": row["low"],
        "score_high": row["high"],
        "campaign_id": row["campaign_id"],
        "verdict_id": row["verdict_id"],
        "created_us": row["created_us"],
    }


def policy_row(connection: Connection, cid: str) -> Json:
    """Return a policy's row; of several campaigns that know it, the first.

    Raises:
        NotFoundError: if no campaign knows it.
    """
    row = (
        connection.execute(
            select(policies).where(policies.c.cid == cid).order_by(policies.c.created_us).limit(1)
        )
        .mappings()
        .one_or_none()
    )
    if row is None:
        raise NotFoundError(
            f"There is no policy {cid}.", field="cid", remedy="A campaign's history names its policies."
        )
    return _view(dict(row))


def list_policies(connection: Connection, campaign_id: str | None) -> list[Json]:
    """Return the policies of a campaign, or all, newest first."""
    query = select(policies).order_by(policies.c.created_us.desc(), policies.c.cid)
    if campaign_id is not None:
        query = query.where(policies.c.campaign_id == campaign_id)
    return [_view(dict(row)) for row in connection.execute(query).mappings()]


def policy_as_onnx(data: bytes) -> bytes:
    """Return the ONNX file of a policy file of any area.

    Raises:
        PolicyFileError: if it is no policy file.
    """
    # The ONNX library is slow to load, and nothing else on this side needs it.
    from manyhands.policies import onnx_form

    return onnx_form.of_policy(data)
