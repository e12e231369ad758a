"""The composition root: builds every long-lived object, starts them in order and stops them in reverse.

    settings → socket → data folder lock → database → keys → writer → server → judge processes

The server answers before the judges have compiled; judges are processes of their own that meet the server
only in the database.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import gc
import logging
import os
import signal
import socket
import sys
import webbrowser
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from logging.handlers import RotatingFileHandler
from pathlib import Path

import uvicorn

from manyhands.arena import api as arena
from manyhands.errors import DatabaseLockedError, OverloadedError, PortTakenError, SettingsError, StorageError
from manyhands.processes import Program, Supervisor
from manyhands.server.application import create_app
from manyhands.server.assets import Assets
from manyhands.server.broadcast import Broadcaster
from manyhands.server.context import Context, Keys
from manyhands.server.http_protocol import BoundedHttpProtocol
from manyhands.server.metrics import Metrics
from manyhands.settings import PREFIX, Settings
from manyhands.storage import Database, GroupWriter, open_database
from manyhands.storage.content import ContentStore
from manyhands.storage.faults import disk_in_words
from manyhands.storage.folder import make_folder
from manyhands.storage.secrets import made_secret
from manyhands.types import now_us

JUDGE_MODULE = "manyhands.work"
GRACE_S = 3
KEEP_ALIVE_S = 75
log = logging.getLogger("manyhands")


def build_context(settings: Settings, database: Database) -> Context:
    """Return the server's objects over an open database; the writer's thread is started.

    Close with `context.writer.close()`, then `database.close()`.
    """
    writer = GroupWriter(database, settings.write_queue, settings.write_patience)
    context = Context(
        settings=settings,
        database=database,
        writer=writer,
        keys=Keys(cookie=made_secret(database, "cookie_key"), address=made_secret(database, "address_key")),
        assets=Assets(ContentStore(settings.content), settings.tracks),
        metrics=Metrics(),
        broadcaster=Broadcaster(database),
    )
    writer.start()
    return context


@contextlib.contextmanager
def opened(settings: Settings) -> Iterator[Context]:
    """Open the data folder for serving: locked against a second server, migrated, with ready campaigns.

    Raises:
        StorageError: in one of its kinds, with the sentence for the user.
    """
    with locked(settings.data):
        database = open_database(settings.url)
        try:
            with database.write() as connection:
                arena.ensure_ready_made(connection, settings, now_us())
            context = build_context(settings, database)
            try:
                yield context
            finally:
                context.writer.close()
        finally:
            database.close()


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the data folder's lock, so that no second server uses it.

    Raises:
        DatabaseLockedError: if another one does.
        StorageError: if the folder cannot be made or written.
    """
    try:
        make_folder(folder)
        file = (folder / "lock").open("w")
    except OSError as error:
        raise StorageError(
            f"The data folder {folder} cannot be used: {error.strerror}.",
            remedy="Choose another with --data.",
        ) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise DatabaseLockedError(
                f"Another server uses the data folder {folder}.",
                remedy="Stop it, or choose another folder with --data.",
            ) from None
        yield


def listen(settings: Settings) -> socket.socket:
    """Return a listening socket at the settings' address.

    Raises:
        PortTakenError: if another program listens there, or this user may not.
        SettingsError: if the host is not an address of this machine.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
        listener.listen(2048)
    except socket.gaierror:
        listener.close()
        raise SettingsError(f"The host {settings.host!r} is not an address.", field="host") from None
    except OSError as error:
        listener.close()
        reason = (error.strerror or str(error)).lower()
        raise PortTakenError(f"Cannot listen on {settings.host} port {settings.port}: {reason}.") from None
    return listener


def up(settings: Settings, announce: Callable[[str], None]) -> None:
    """Serve until interrupted or terminated.

    Args:
        settings: everything configurable; port 0 chooses a free one.
        announce: called once with the address when the server answers.

    Raises:
        ManyhandsError: with one sentence, when it cannot start.
    """
    with listen(settings) as listener:
        settings = replace(settings, port=listener.getsockname()[1])
        with opened(settings) as context:
            with disk_in_words(settings.data):
                log_to_file(settings.data / "logs")
            supervisor = judges(context)
            try:
                server = _server(context)
                # What was made so far stays until the end. Looking through it for garbage again and again
                # would halt all requests for a quarter of a second each time.
                gc.freeze()
                with asyncio.Runner(loop_factory=server.config.get_loop_factory()) as runner:
                    runner.run(_serve(server, context, listener, supervisor, announce))
            finally:
                supervisor.stop()


def _server(context: Context) -> uvicorn.Server:
    return uvicorn.Server(
        uvicorn.Config(
            create_app(context),
            http=BoundedHttpProtocol,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=GRACE_S,
        )
    )


async def _serve(
    server: uvicorn.Server,
    context: Context,
    listener: socket.socket,
    supervisor: Supervisor,
    announce: Callable[[str], None],
) -> None:
    # Uvicorn raises the signals it caught again once it has stopped; there is more to stop after it.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started and not serving.done():
        await asyncio.sleep(0.01)
    if server.started:
        announce(context.settings.origin)
        supervisor.start()
        if context.settings.open_browser and _has_display():
            webbrowser.open(context.settings.origin)
    while not server.should_exit and not serving.done():
        await asyncio.sleep(0.1)
    context.broadcaster.close()
    await serving


def _has_display() -> bool:
    return sys.platform in ("darwin", "win32") or bool(
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    )


def judges(context: Context) -> Supervisor:
    """Return the supervisor of the judge processes, not yet started."""
    settings = context.settings
    folder = str(settings.data)
    kinds = [
        ("referee", settings.referees),
        ("trainer", settings.trainers),
        ("tutor", settings.tutors),
        ("coach", settings.coaches),
    ]
    programs = [
        Program(f"{kind}-{number}", JUDGE_MODULE, (kind, "--data", folder, "--name", f"{kind}-{number}"))
        for kind, count in kinds
        for number in range(1, count + 1)
    ]

    def note_death(name: str, message: str) -> None:
        with contextlib.suppress(OverloadedError):
            context.writer.submit(
                lambda connection: arena.record_incident(connection, name, "process_ended", message, now_us())
            )

    return Supervisor(programs, settings.data / "logs", child_environment(settings), note_death)


def child_environment(settings: Settings) -> dict[str, str]:
    """Return the environment that gives a child process the same settings."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    for item in fields(Settings):
        value = getattr(settings, item.name)
        if value != item.default:
            environment[PREFIX + item.name.upper()] = str(value)
    return environment


def log_to_file(folder: Path) -> None:
    """Send the program's log to FOLDER/server.log, so that the terminal keeps its one line."""
    folder.mkdir(parents=True, exist_ok=True)
    handler = RotatingFileHandler(folder / "server.log", maxBytes=5_000_000, backupCount=2)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
