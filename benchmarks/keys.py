"""Do keys teach? Real key events in Chromium, 200 ms behind the road, on a real server; then what is learned.

python benchmarks/keys.py --attempts 24        (needs `make page` and Chromium; about ten minutes)

The person at the keyboard is the browser test's: it sees the road 200 ms late, expects where the car has got
to meanwhile, and presses and releases arrow keys. It drives each attempt from its first tick to its last:
whoever takes the wheel late, 200 ms behind a car in danger, mostly crashes it too. No round is judged while
it plays, so all attempts correct the seed champion. Afterwards the learner is run on them as in a round, with
labels moved back by the reaction time that the judge estimates, by none, and by each number of ticks.

Printed first is why the person is not the reference driver behind a delay: how far that comes.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import jax
import jax.numpy as jnp
import numpy as np
from playwright.sync_api import Error, Page
from sqlalchemy import select

import browser
import service
from manyhands.arena.lots import Lots
from manyhands.arena.shelf import Shelf, record
from manyhands.envs.racer import task as racer
from manyhands.judging import value
from manyhands.judging.course import interval
from manyhands.learners import reaction, takeover
from manyhands.learners.samples import Samples
from manyhands.policies import network, reference, simulate
from manyhands.settings import Settings
from manyhands.storage import ContentStore, open_database
from manyhands.storage.schema import assignments, attempts, campaigns

CAMPAIGN = "crowd-circuit-lidar"
LOOK_MS = 17


def delayed_reference(starts: int = 64) -> tuple[float, float]:
    """Share of starts driven to the end, and mean metres, by the reference's wish of some ticks ago."""
    task, driver = (
        racer.make({"sensor": {"kind": "lidar"}}, "play"),
        reference.driver("racer-lidar-reference"),
    )

    def wish(state: Any) -> jax.Array:
        return task.quantise(network.act(driver.network, driver.params, task.observe(state)))

    def drive(state: Any) -> tuple[jax.Array, jax.Array]:
        def tick(carry: Any, _: None) -> tuple[Any, None]:
            state, running, total, wishes = carry
            wishes = jnp.concatenate([wishes[1:], wish(state)[None]])
            moved, progress, crashed = task.step(state, wishes[0])
            return (moved, running & ~crashed, total + progress * running, wishes), None

        begin = (
            state,
            jnp.array(True),
            jnp.array(0.0),
            jnp.stack([wish(state)] * (browser.REACTION_TICKS + 1)),
        )
        (_, survived, total, _), _ = jax.lax.scan(tick, begin, None, length=task.max_ticks)
        return survived, total

    survived, metres = jax.jit(jax.vmap(drive))(simulate.fresh_starts(task, jax.random.key(0), starts))
    return float(survived.mean()), float(metres.mean())


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Address of a service that judges attempts but no round, once its champion can be played."""
    terms = {"ROUND_SIZE": "100000", "ROUND_WAIT_S": "1000000"}
    with service.served(folder, terms) as (address, _):
        with httpx.Client(base_url=address, timeout=60.0) as client:
            while True:
                campaign = client.get(f"/api/campaigns/{CAMPAIGN}").json()
                if campaign["state"] == "open" and campaign["judge"]["starts_ready"] > 0:
                    break
                time.sleep(1.0)
        yield address


def play(page: Page, count: int, speed_mps: float) -> None:
    """Play `count` attempts one after another, and wait until all are valued.

    The page's clock moves by LOOK_MS at a time, after the person has looked and its keys have arrived: a
    reaction is 200 ms of the road, however long this machine takes to draw it.
    """
    page.clock.install()
    page.goto(f"/play/{CAMPAIGN}?debug")
    halt(page)
    page.get_by_role("button", name="Agree and drive").click()
    player = browser.KeyboardPlayer(page, speed_mps, lambda: page.clock.run_for(LOOK_MS))
    for number in range(1, count + 1):
        player.wait(lambda state: state["phase"] in ("ready", "driving"))
        player.play(take=lambda _: True)
        # The value may be there before the card is: the page's time passes only while somebody looks.
        player.wait(lambda state: state["phase"] == "card")
        seen = player.wait(lambda state: state["attempt"] and state["attempt"]["status"] != "pending")
        print(f"  attempt {number}: {seen['ticks']} ticks, {seen['attempt']}", file=sys.stderr, flush=True)
        if number < count:
            page.wait_for_timeout(3000)  # so that one player does not ask too often
            page.keyboard.press("Enter")


def halt(page: Page) -> None:
    """Stop the page's clock. It only stops in its future, further ahead the busier the machine is."""
    for ahead_s in (1, 10, 100):
        with suppress(Error):
            return page.clock.pause_at(page.evaluate("Date.now()") / 1000 + ahead_s)
    raise AssertionError("The page's clock cannot be stopped.")


def browse(address: str, count: int, speed_mps: float) -> None:
    """Play in a browser of its own."""
    with browser.chromium() as chromium:
        # The person knows the road by its numbers; a coarse picture is drawn in less time.
        context = chromium.new_context(
            base_url=address, viewport={"width": 640, "height": 360}, device_scale_factor=0.25
        )
        context.set_default_timeout(240_000)
        play(context.new_page(), count, speed_mps)


def learn(data: Path, trainings: int) -> None:
    """Print what the attempts of a last visitor hold, and what each way to align them teaches."""
    settings = Settings(data=data)
    database = open_database(settings.url)
    shelf = Shelf(database, ContentStore(settings.content), settings)
    with database.read() as connection:
        campaign = connection.execute(select(campaigns).where(campaigns.c.slug == CAMPAIGN)).one()
        query = (
            select(attempts, assignments.c.start)
            .join(assignments, assignments.c.id == attempts.c.assignment_id)
            .where(attempts.c.campaign_id == campaign.id, attempts.c.round_id.is_not(None))
            .order_by(attempts.c.received_us)
        )
        rows = [dict(row) for row in connection.execute(query).mappings()]
        rows = [row for row in rows if row["player_id"] == rows[-1]["player_id"]]
        seed = Lots(shelf).seed(connection, campaign.id)
    course, champion = shelf.course(campaign.id), shelf.policy(campaign.champion_cid)
    spec, before = champion.network, course.heldout_scores(champion.network, champion.params)
    found = value.drives(course.play, spec, champion.params, [record(row) for row in rows])
    drives = list(found.values())
    values = np.array([row["value"] for row in rows])
    held = sum(int(drive.human.sum()) for drive in drives)
    lag = reaction.estimate(drives)
    driven = f"{len(rows)} attempts, {held / course.play.ticks_per_s:.0f} s under the hand"
    print(f"{driven}, mean value {values.mean():+.2f} m, {np.mean(values > 0):.0%} above 0")
    print(f"champion before: {_shown(before)}")
    named = {f"as the judge aligns them ({lag} ticks)": lag, "not aligned": 0}
    named |= {f"moved back {ticks} ticks": ticks for ticks in range(1, reaction.LONGEST_TICKS + 1)}
    for name, ticks in named.items():
        parts = [seed, *(drive.samples(ticks) for drive in drives)]
        samples = Samples.concatenate(parts, spec.features, spec.actions)
        scores = []
        for number in range(trainings):
            key = jax.random.key(number)
            params = takeover.fit(spec, takeover.Config(), champion.params, samples, len(samples), key)
            scores.append(course.heldout_scores(spec, params))
        means = ", ".join(f"{run.mean():.3f}" for run in scores)
        error = reaction.lag_error(drives, ticks)
        print(
            f"{name}: {_shown(np.mean(scores, axis=0))} (trainings {means}; ridge error {error:.4f})",
            flush=True,
        )
    database.close()


def _shown(scores: np.ndarray) -> str:
    mean, low, high = interval(scores)
    return f"{mean:.3f} [{low:.3f}, {high:.3f}]"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--attempts", type=int, default=24)
    parser.add_argument("--trainings", type=int, default=3, help="of each way to align, with their own seeds")
    parser.add_argument("--speed", type=float, default=1.6, help="that the person holds, in m/s")
    parser.add_argument("--data", type=Path, help="data folder to keep; plays on in one that is there")
    parser.add_argument("--only-learn", action="store_true", help="from what the data folder holds")
    arguments = parser.parse_args()
    share, metres = delayed_reference()
    print(
        f"the reference driver's wish, 200 ms late: finishes {share:.0%} of starts, {metres:.1f} m on average"
    )
    with tempfile.TemporaryDirectory() as folder:
        data = arguments.data or Path(folder)
        if not arguments.only_learn:
            with served(data) as address:
                browse(address, arguments.attempts, arguments.speed)
        learn(data, arguments.trainings)


if __name__ == "__main__":
    main()
