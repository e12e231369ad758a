"""The one settings object, read once at start from `MANYHANDS_*` variables and the command line.

Every field states its meaning and unit beside its type, and `docs/settings.md` is made from these:

    python -m manyhands.settings docs/settings.md

A malformed value stops the program with a sentence; it is never replaced by a default.
"""

from __future__ import annotations

import sys
import typing
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any

from manyhands.errors import SettingsError

PREFIX = "MANYHANDS_"
_SECRET_FIELDS = frozenset({"database_url"})


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be configured; amounts in micro-credits, times in seconds."""

    data: Annotated[Path, "Folder that holds the database, policies and logs."] = Path("data")
    database_url: Annotated[
        str, "postgresql://… to use a PostgreSQL server; empty for the SQLite file in the data folder."
    ] = ""
    host: Annotated[str, "Address to listen on."] = "127.0.0.1"
    port: Annotated[int, "Port to listen on."] = 8000
    open_browser: Annotated[bool, "Open the page in a browser once it serves."] = True
    public_url: Annotated[
        str, "Origin that browsers use; empty for http://host:port. With https cookies are marked secure."
    ] = ""
    trusted_proxies: Annotated[
        int, "Number of reverse proxies in front whose X-Forwarded-For entries are believed."
    ] = 0

    referees: Annotated[int, "Judge processes that replay and value single attempts."] = 1
    trainers: Annotated[int, "Judge processes that train, gate and pay rounds."] = 1
    tutors: Annotated[int, "Processes that train what experiments ask for."] = 1
    coaches: Annotated[int, "Processes that train what the garage asks for."] = 1
    spare_cores_only: Annotated[
        bool,
        "Trainers and tutors compute only on cores that have nothing else to do: for many players at once.",
    ] = False
    lease_s: Annotated[float, "Time after which a silent worker's job is given to another."] = 20.0
    poll_s: Annotated[float, "Pause between two looks into an empty job queue."] = 0.1
    seed: Annotated[int, "Seed of the ready-made campaigns' first champions."] = 0

    assignment_ttl_s: Annotated[float, "Time a player has to hand in an assignment."] = 180.0
    backlog_limit_s: Annotated[float, "Pending judging time above which no assignment is given out."] = 30.0
    write_queue: Annotated[int, "Attempts that may wait to be stored before requests get 503."] = 2048
    write_patience: Annotated[int, "Other writes that may wait; attempts go before them."] = 64
    attempt_body_bytes: Annotated[int, "Largest accepted body of an attempt."] = 16_384
    attempts_per_minute: Annotated[int, "Assignments one player may ask for in a minute."] = 20
    sessions_per_hour: Annotated[int, "New guests one address may start in an hour."] = 30
    requests_per_minute: Annotated[int, "Requests of all kinds one address may send in a minute."] = 600
    event_streams_per_address: Annotated[int, "Event streams one address may hold open."] = 16

    round_size: Annotated[int, "Contributions that close a round."] = 24
    round_wait_s: Annotated[float, "Time after its first contribution at which a round closes anyway."] = 10.0
    stake_micro: Annotated[int, "Stake of an attempt where the campaign names none."] = 2_000_000

    loan_micro: Annotated[int, "Starter loan of a new player."] = 20_000_000
    loan_address_day_micro: Annotated[int, "Starter loans one address gets in a day."] = 200_000_000
    loan_day_micro: Annotated[int, "Starter loans all addresses together get in a day."] = 100_000_000_000
    budget_micro: Annotated[int, "Play credits in the escrow of a ready-made campaign."] = 1_000_000_000

    forgeries_tolerated: Annotated[int, "Refused replays after which a player is slowed down."] = 3
    slow_s: Annotated[float, "Wait that each further refused replay adds for that player."] = 60.0

    rewards_without_jail: Annotated[
        bool, "INSECURE: run reward functions as they are where the system has no seccomp (macOS)."
    ] = False

    def __post_init__(self) -> None:
        """Check ranges.

        Raises:
            SettingsError: naming the field and what it may be.
        """
        if not 0 <= self.port <= 65_535:
            raise SettingsError(f"Port {self.port} does not exist; ports are 0 to 65535.", field="port")
        url = self.database_url
        if url and not url.startswith(("postgresql://", "postgresql+psycopg://", "sqlite:///")):
            raise SettingsError(
                "The database URL must begin with postgresql:// or sqlite:///.", field="database_url"
            )
        for name in _POSITIVE:
            if not getattr(self, name) > 0:  # so that NaN is refused too
                raise SettingsError(f"{name} must be above 0, it is {getattr(self, name)}.", field=name)
        for name in _NOT_NEGATIVE:
            if not getattr(self, name) >= 0:
                raise SettingsError(f"{name} must not be negative, it is {getattr(self, name)}.", field=name)

    @property
    def url(self) -> str:
        """SQLAlchemy URL of the database."""
        return self.database_url or f"sqlite:///{self.data / 'manyhands.db'}"

    @property
    def content(self) -> Path:
        """Folder of the content store."""
        return self.data / "content"

    @property
    def tracks(self) -> Path:
        """Folder of imported tracks, `.npy` files."""
        return self.data / "tracks"

    @property
    def compiled(self) -> Path:
        """Folder of the programs that JAX has compiled."""
        return self.data / "cache" / "jax"

    @property
    def lessons(self) -> Path:
        """Folder of the lab's trainings that are under way."""
        return self.data / "lessons"

    @property
    def runs(self) -> Path:
        """Folder of the garage's trainings that are under way."""
        return self.data / "garage"

    @property
    def origin(self) -> str:
        """The only origin whose pages may call the server."""
        return self.public_url.rstrip("/") or f"http://{self.host}:{self.port}"

    def as_json(self) -> dict[str, Any]:
        """Return the resolved settings for a log or a run's record, without passwords."""
        return {
            item.name: "(set)" if item.name in _SECRET_FIELDS and value else _plain(value)
            for item in fields(self)
            for value in [getattr(self, item.name)]
        }


_POSITIVE = (
    "lease_s",
    "poll_s",
    "assignment_ttl_s",
    "backlog_limit_s",
    "write_queue",
    "write_patience",
    "attempt_body_bytes",
    "attempts_per_minute",
    "sessions_per_hour",
    "requests_per_minute",
    "event_streams_per_address",
    "round_size",
    "round_wait_s",
)
_NOT_NEGATIVE = (
    "trusted_proxies",
    "referees",
    "trainers",
    "tutors",
    "coaches",
    "stake_micro",
    "loan_micro",
    "loan_address_day_micro",
    "loan_day_micro",
    "budget_micro",
    "forgeries_tolerated",
    "slow_s",
)
_BOOLEANS = {
    "1": True,
    "true": True,
    "yes": True,
    "on": True,
    "0": False,
    "false": False,
    "no": False,
    "off": False,
}


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Path) else value


def _parse(name: str, kind: Any, text: str, source: str) -> Any:
    if kind is bool:
        if text.lower() in _BOOLEANS:
            return _BOOLEANS[text.lower()]
        raise SettingsError(f"{source} is {text!r}; it may be true or false.", field=name)
    try:
        return kind(text)
    except ValueError:
        wanted = {int: "a whole number", float: "a number"}.get(kind, str(kind))
        raise SettingsError(f"{source} is {text!r}; it must be {wanted}.", field=name) from None


def read_settings(environ: Mapping[str, str], overrides: Mapping[str, Any] | None = None) -> Settings:
    """Build the settings from environment variables, then command-line values on top.

    Args:
        environ: usually `os.environ`; `MANYHANDS_PORT` sets `port`, and so on.
        overrides: values by field name; `None` means "not given on the command line".

    Raises:
        SettingsError: for a variable that names no setting, or a malformed value.
    """
    kinds = typing.get_type_hints(Settings)
    values: dict[str, Any] = {}
    for variable, text in environ.items():
        if not variable.startswith(PREFIX) or variable.startswith(PREFIX + "TEST_"):
            continue
        name = variable[len(PREFIX) :].lower()
        if name not in kinds:
            raise SettingsError(f"{variable} is set but no such setting exists.", field=name)
        values[name] = _parse(name, kinds[name], text, variable)
    for name, value in (overrides or {}).items():
        if value is not None:
            values[name] = value
    return Settings(**values)


def settings_table() -> list[tuple[str, str, str, str]]:
    """Return (field, variable, default, meaning) of every setting, in order."""
    annotated = typing.get_type_hints(Settings, include_extras=True)
    return [
        (
            item.name,
            PREFIX + item.name.upper(),
            str(_plain(item.default)),
            annotated[item.name].__metadata__[0],
        )
        for item in fields(Settings)
    ]


def page() -> str:
    """Return the documentation of all settings, Markdown."""
    rows = [
        f"| `{variable}` | {f'`{default}`' if default else ''} | {meaning} |"
        for _, variable, default, meaning in settings_table()
    ]
    return "\n".join([*_PAGE_HEAD, *rows, ""])


_PAGE_HEAD = (
    "# Settings",
    "",
    "`manyhands up` reads these environment variables once, when it starts, and passes them on to the",
    "processes that it starts. Options on its command line win. A variable that begins with `MANYHANDS_`",
    "and is not listed here stops the program with a sentence, and so does a malformed value. Times are in",
    "seconds, amounts (`…_MICRO`) in micro-credits; 1 cr is 1,000,000 of them.",
    "",
    "| variable | default | meaning |",
    "|---|---|---|",
)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page())
