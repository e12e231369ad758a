"""A server under a crowd in real time: how fast attempts are taken, valued and judged, and what it needs.

python benchmarks/load.py --players 1000 --seconds 120
python benchmarks/load.py --players 100 --seconds 120

Starts its own server with its own judges on a new folder, with limits that let one address be a thousand
players; players, server and judges share the machine. Prints figures; `--json FILE` keeps everything.
"""

import argparse
import asyncio
import json
import os
import resource
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from sqlalchemy import func, select

import service
from manyhands import ledger
from manyhands.arena import api as arena
from manyhands.crowd import run as crowds
from manyhands.crowd.roles import DEFAULT_MIX, parse_mix
from manyhands.crowd.scripted import Habits
from manyhands.storage import open_database
from manyhands.storage.schema import attempts
from manyhands.types import Micros, credits, now_us

CAMPAIGN = "load"
POST_S = 0.25
TIMER_S = 0.02
ROUTE = 'route="/assignments/{assignment_id}/attempt"'
LIMITS = {
    "SESSIONS_PER_HOUR": "1000000",
    "REQUESTS_PER_MINUTE": "1000000",
    "EVENT_STREAMS_PER_ADDRESS": "2000",
    "LOAN_MICRO": "1000000000",
    "LOAN_ADDRESS_DAY_MICRO": "1000000000000000",
    "LOAN_DAY_MICRO": "1000000000000000",
}


def prepare(folder: Path, sensor: str) -> str:
    """Make a database with one campaign; returns its URL."""
    url = f"sqlite:///{folder / 'manyhands.db'}"
    database = open_database(url)
    order = arena.CampaignOrder(
        name="Load",
        slug=CAMPAIGN,
        environment="racer-v0",
        sensor=sensor,
        budget_micro=credits(1_000_000.0),
        stake_micro=credits(2.0),
        target_score=1.0,
    )
    with database.write() as connection:
        arena.create_campaign(connection, order, None, now_us())
    database.close()
    return url


def processes(pid: int) -> dict[str, int]:
    """Process ids of the server, of its judges by name, and of this program, which plays the crowd."""
    found = {"server": pid, "players": os.getpid()}
    # Judges are started by threads of the server, each of which lists its own children.
    for thread in Path(f"/proc/{pid}/task").iterdir():
        for child in (thread / "children").read_text().split():
            words = Path(f"/proc/{child}/cmdline").read_text().split("\0")
            found[words[words.index("--name") + 1]] = int(child)
    return found


def peak_mb(pid: int) -> float:
    """Largest resident memory of a process so far, in MB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    [peak] = [line.split()[1] for line in lines if line.startswith("VmHWM")]
    return int(peak) / 1024


def processor_s(pid: int) -> float:
    """Processor time of a process so far, in seconds."""
    ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


def in_time(address: str) -> tuple[float, float]:
    """Attempts that the server has answered within `POST_S` of their arrival, and all, since its start."""
    page = httpx.get(f"{address}/metrics").text
    found = {}
    for line in page.splitlines():
        if line.startswith("manyhands_request_seconds_bucket{") and ROUTE in line:
            found[line.partition('le="')[2].partition('"')[0]] = float(line.rpartition(" ")[2])
    return found[str(POST_S)], found["+Inf"]


def books(url: str, acknowledged: list[str], since: Micros) -> dict[str, Any]:
    """What the database says afterwards: nothing lost, rates, the ledger's audit."""
    database = open_database(url)
    with database.read() as connection:
        rows = connection.execute(select(attempts.c.id, attempts.c.status)).all()
        valued = select(func.count(), func.min(attempts.c.valued_us), func.max(attempts.c.valued_us)).where(
            attempts.c.valued_us >= since
        )
        count, first, last = connection.execute(valued).one()
        contributions, *_ = connection.execute(valued.where(attempts.c.round_id.is_not(None))).one()
        faults = ledger.audit(connection).faults
    database.close()
    stored = {row.id for row in rows}
    span_s = max(1e-6, ((last or 0) - (first or 0)) / 1e6)
    return {
        "lost": len(set(acknowledged) - stored),
        "twice": len(acknowledged) - len(set(acknowledged)),
        "still_pending": sum(row.status == "pending" for row in rows),
        "attempts_valued_per_s": round(count / span_s, 1),
        "contributions_judged_per_s": round(contributions / span_s, 1),
        "ledger_faults": [fault.message for fault in faults],
    }


def tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


async def play(orders: crowds.Orders) -> tuple[crowds.Result, list[float]]:
    """A crowd's result, and how late a timer beside its players rang each time: so late they hear answers."""
    late_s: list[float] = []

    async def watch() -> None:
        while True:
            begun_s = time.perf_counter()
            await asyncio.sleep(TIMER_S)
            late_s.append(time.perf_counter() - begun_s - TIMER_S)

    watching = asyncio.create_task(watch())
    result = await crowds.run(orders, tell)
    watching.cancel()
    return result, late_s


def measure(arguments: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Warm the judges with the same crowd, then measure it."""
    url = prepare(folder, arguments.sensor)
    terms = LIMITS | {"REFEREES": str(arguments.referees), "SPARE_CORES_ONLY": "true"}
    with service.served(folder, terms) as (address, pid):
        orders = crowds.Orders(
            url=address,
            players=arguments.players,
            mix=parse_mix(arguments.mix),
            seconds=arguments.warm,
            campaign=CAMPAIGN,
            settle_s=arguments.settle,
            listeners=arguments.listeners,
            # Arriving over one attempt's time spreads the attempts evenly, as they are with real visitors.
            join_s=min(20.0, arguments.warm / 2),
            habits=Habits(reads=arguments.reads),
        )
        warming = asyncio.run(crowds.run(orders, tell))
        since = now_us()
        pids = processes(pid)
        answered = in_time(address)
        before_s = {name: processor_s(number) for name, number in pids.items()}
        values = {**vars(orders), "seconds": arguments.seconds, "seed": 1}
        result, late_s = asyncio.run(play(crowds.Orders(**values)))
        quick, handed_in = (after - before for after, before in zip(in_time(address), answered, strict=True))
        memory = {name: peak_mb(number) for name, number in pids.items()}
        spent_s = {name: round(processor_s(number) - before_s[name], 2) for name, number in pids.items()}
    acknowledged = warming.acknowledged + result.acknowledged
    usage = {"peak_memory_mb": memory, "processor_s": spent_s, "posts_in_time": quick / handed_in}
    usage["players_late_s"] = [round(float(late), 3) for late in np.quantile(late_s, (0.5, 0.95, 0.99))]
    return {**result.report, **books(url, acknowledged, since), **usage}


def show(found: dict[str, Any]) -> None:
    """Print the figures that the project promises."""
    times = found["latencies_s"]
    for label, name in (
        ("POST attempt", "post_attempt"),
        ("provisional value on the player's page", "value"),
        ("provisional value, server's clock", "valued"),
        ("verdict after the attempt's end", "verdict"),
        ("verdict after the round closed", "verdict_after_close"),
    ):
        row = times[name]
        print(f"{label:40s} n {row['count']:6d}  p50 {row['p50']}  p95 {row['p95']}  p99 {row['p99']} s")
    share = found["posts_in_time"]
    print(f"{f'POST attempt within {POST_S} s':40s} {share:.2%} by the server's clock")
    print(f"{'players late to hear, p50, p95, p99':40s} {found['players_late_s']} s")
    for name in ("attempts_valued_per_s", "contributions_judged_per_s", "lost", "twice", "still_pending"):
        print(f"{name.replace('_', ' '):40s} {found[name]}")
    print(f"{'acknowledged':40s} {found['acknowledged']}")
    print(f"{'told to wait':40s} {found['busy']}")
    print(f"{'other refusals':40s} {found['errors']}")
    print(f"{'ledger faults':40s} {len(found['ledger_faults'])}")
    for name, peak in found["peak_memory_mb"].items():
        print(f"{name:40s} at most {peak:.0f} MB, {found['processor_s'][name]:.1f} s of processor time")
    print(f"{'score':40s} {found['score_first']:.3f} to {found['score_last']:.3f}, rounds {found['rounds']}")


def main() -> None:
    """Run one load."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--players", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=120.0, help="measured, in real time")
    parser.add_argument("--warm", type=float, default=60.0, help="seconds of the same crowd before")
    parser.add_argument("--settle", type=float, default=60.0, help="longest wait for the last verdicts")
    parser.add_argument("--mix", default=DEFAULT_MIX, help="kinds; idle=1 costs the judge least")
    parser.add_argument("--sensor", choices=["lidar", "camera"], default="lidar")
    parser.add_argument("--referees", type=int, default=1)
    parser.add_argument("--listeners", type=int, default=100, help="players with an event stream")
    parser.add_argument("--reads", type=float, default=0.25, help="share of attempts whose card is read")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    # Leave no server behind when this program is stopped.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with tempfile.TemporaryDirectory(prefix="manyhands-load-") as folder:
        found = measure(arguments, Path(folder))
    show(found)
    if arguments.json:
        arguments.json.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
