"""What the messages of all areas share: kinds of fields, the two bases, and the problem document."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

MAX_MICRO = 1_000_000_000_000
PAGE_SIZE = 50

Base64 = r"^[A-Za-z0-9+/]*={0,2}$"
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
LotState = Literal["open", "paid", "closed"]
AttemptStatus = Literal["pending", "valued", "refused", "judged", "withdrawn"]
VerdictKind = Literal["promoted", "kept", "control_promoted", "rolled_back", "bootstrap"]
EnvironmentId = Literal["racer-v0", "snake-v0"]
Sensor = Literal["camera", "lidar", "grid", "features"]


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
