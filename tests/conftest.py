"""Databases for tests: an SQLite file and a private PostgreSQL cluster, each new for every test."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy
from xdist.scheduler import LoadFileScheduling

from manyhands.computing import remember_compilations
from manyhands.storage import Database, open_database
from manyhands.storage.schema import counters, metadata

SERVER_VARIABLE = "MANYHANDS_TEST_POSTGRES"
COMPILED_VARIABLE = "JAX_COMPILATION_CACHE_DIR"
_TEMPLATE = "manyhands_template"
_SERVICE = "tests/service/"
_FIRST = (
    # What needs no champion comes before the first is there; while people drive, the judge makes the second.
    f"{_SERVICE}test_garage.py",
    f"{_SERVICE}test_hands.py",
    f"{_SERVICE}test_final.py",
    f"{_SERVICE}test_play.py",
    _SERVICE,
    # The longest files, lest one process be left with one of them at the end.
    "tests/arena/test_crash_real.py",
    "tests/learners/",
    "tests/lab/",
    "tests/cli/test_cli_training.py",
)


class _Sharing(LoadFileScheduling):
    """Keeps a file's tests in one process, and those of the whole service, which share a running one."""

    def _split_scope(self, nodeid: str) -> str:
        return _SERVICE if nodeid.startswith(_SERVICE) else str(super()._split_scope(nodeid))


def pytest_configure(config: pytest.Config) -> None:
    """Let all processes of a run, and those that they start, compile each program once."""
    if COMPILED_VARIABLE not in os.environ:
        compiled = os.environ[COMPILED_VARIABLE] = tempfile.mkdtemp(prefix="mhjax-")
        config.add_cleanup(lambda: shutil.rmtree(compiled, ignore_errors=True))
    remember_compilations(Path(os.environ[COMPILED_VARIABLE]))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> _Sharing:
    return _Sharing(config, log)


def _place(item: pytest.Item) -> int:
    places = (place for place, name in enumerate(_FIRST) if item.nodeid.startswith(name))
    return next(places, len(_FIRST))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    twice = [name for name, number in Counter(item.nodeid for item in items).items() if number > 1]
    if twice:
        # A process is given tests by their names: of those with one name, one would run.
        raise pytest.UsageError(f"Several tests have the name {twice[0]}.")
    items.sort(key=_place)


def _postgres_programs() -> Path:
    """Return the folder of PostgreSQL's programs, the newest version's where there are several."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
    on_path = shutil.which("initdb")
    if on_path:
        folders.append(Path(on_path).resolve().parent)
    for folder in reversed(folders):
        if (folder / "initdb").exists() and (folder / "pg_ctl").exists():
            return folder
    pytest.fail(
        "PostgreSQL's server programs are missing: install the package postgresql, "
        f"or set {SERVER_VARIABLE} to the URL of a server."
    )


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[sqlalchemy.URL]:
    """Address of a PostgreSQL server: the one that the variable names, else a private one for this run."""
    if os.environ.get(SERVER_VARIABLE):
        yield sqlalchemy.make_url(os.environ[SERVER_VARIABLE]).set(drivername="postgresql+psycopg")
        return
    programs = _postgres_programs()
    folder = Path(tempfile.mkdtemp(prefix="mhpg-"))
    # PostgreSQL refuses to run as root.
    user = "postgres" if os.geteuid() == 0 else None
    if user:
        shutil.chown(folder, user)

    def run(program: str, *arguments: str) -> None:
        done = subprocess.run(
            [programs / program, *arguments],
            check=False,
            user=user,
            cwd=folder,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            pytest.fail(f"{program} failed: {done.stderr or done.stdout}")

    data = str(folder / "data")
    run("initdb", "--auth=trust", "--username=postgres", "--no-sync", "--encoding=UTF8", "-D", data)
    options = f"-c listen_addresses='' -c unix_socket_directories='{folder}' -c fsync=off"
    run("pg_ctl", "start", "-w", "-D", data, "-l", str(folder / "log"), "-o", options)
    try:
        yield sqlalchemy.make_url(f"postgresql+psycopg://postgres@/postgres?host={folder}")
    finally:
        run("pg_ctl", "stop", "-w", "-m", "immediate", "-D", data)
        shutil.rmtree(folder)


def _execute(server: sqlalchemy.URL, statement: str) -> None:
    engine = sqlalchemy.create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(statement)
    engine.dispose()


def _text(url: sqlalchemy.URL) -> str:
    return url.render_as_string(hide_password=False).replace("+psycopg", "")


@pytest.fixture(scope="session")
def postgres_template(postgres_server: sqlalchemy.URL) -> str:
    """Name of a migrated, empty database that tests copy."""
    name = f"{_TEMPLATE}_{os.getpid()}"
    _execute(postgres_server, f"CREATE DATABASE {name}")
    open_database(_text(postgres_server.set(database=name))).close()
    return name


@pytest.fixture
def new_postgres_url(postgres_server: sqlalchemy.URL, postgres_template: str) -> Iterator[Callable[[], str]]:
    """A function that returns the URL of a new migrated PostgreSQL database at each call."""
    made: list[str] = []

    def create() -> str:
        name = f"t_{os.getpid()}_{secrets.token_hex(4)}"
        _execute(postgres_server, f"CREATE DATABASE {name} TEMPLATE {postgres_template}")
        made.append(name)
        return _text(postgres_server.set(database=name))

    yield create
    for name in made:
        _execute(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def postgres_shared(
    postgres_server: sqlalchemy.URL, postgres_template: str
) -> Iterator[tuple[str, sqlalchemy.Engine]]:
    """A database that tests use one after the other, since creating one takes longer than most tests."""
    name = f"shared_{os.getpid()}"
    _execute(postgres_server, f"CREATE DATABASE {name} TEMPLATE {postgres_template}")
    address = postgres_server.set(database=name)
    engine = sqlalchemy.create_engine(address, isolation_level="AUTOCOMMIT")
    yield _text(address), engine
    engine.dispose()


@pytest.fixture
def postgres_url(postgres_shared: tuple[str, sqlalchemy.Engine]) -> str:
    """URL of a migrated PostgreSQL database without rows."""
    url, engine = postgres_shared
    emptied = [
        f"DELETE FROM {table.name}" for table in reversed(metadata.sorted_tables) if table is not counters
    ]
    with engine.connect() as connection:
        connection.exec_driver_sql("; ".join([*emptied, "UPDATE counters SET value = 0"]))
    return url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file that tests copy."""
    path = tmp_path_factory.mktemp("template") / "manyhands.db"
    open_database(f"sqlite:///{path}").close()
    return path


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """URL of a migrated SQLite file of the test's own."""
    path = tmp_path / "manyhands.db"
    shutil.copy(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """URL of a migrated database of the test's own, of either kind in turn."""
    url: str = request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url")
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def own_database_url(request: pytest.FixtureRequest) -> str:
    """Like `database_url`, for tests that change the schema."""
    if request.param == "sqlite":
        url: str = request.getfixturevalue("sqlite_url")
        return url
    create: Callable[[], str] = request.getfixturevalue("new_postgres_url")
    return create()


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An open database, of either kind in turn."""
    opened = open_database(database_url)
    yield opened
    opened.close()
