"""Our tool and the bare one, each under gunicorn exactly as `make run` starts the web server."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic, sleep

from psutil import Process

from app import config
from demo_lms import Platform
from scripts.options import Options, read_options
from scripts.probes import free_port
from scripts.services import Models, Service, app_environment, web
from scripts.supervisor import Child

START_SECONDS = 60


@dataclass(frozen=True)
class Served:
    """A tool that answers on a port, and the processes whose time its launches take."""

    name: str
    port: int
    roots: tuple[Process, ...]

    def processor_seconds(self) -> float:
        """What its processes have used so far; those that ended are in their parents' sums."""
        processes = [one for root in self.roots for one in (root, *root.children(recursive=True))]
        return sum(sum(one.cpu_times()[:4]) for one in processes)


@contextmanager
def ours(platform: Platform, database: int) -> Iterator[Served]:
    """CourseLLM on the database of the installed settings; `database`: its server's process."""
    settings = config.current()
    options = _options(settings.data_dir, platform)
    env = app_environment(options, Models(), settings.database_url)
    # Links name the tool by its public address, whichever port a proxy leads to.
    env |= {"COURSELLM_SECRET_KEYS": settings.secret_keys[0], "COURSELLM_URL": settings.url}
    with _running(web(options, env), settings.data_dir) as process:
        yield Served("CourseLLM", options.port, (process, Process(database)))


@contextmanager
def bare(
    platform: Platform,
    folder: Path,
    name: str,
    *,
    jwks_url: str,
    authorities: Path,
    cache: dict[str, int],
) -> Iterator[Served]:
    """The library's own adapter: the same server, the same settings, as many workers.

    `cache`: options of its cache of files, over the cache's own.
    """
    options, known = _options(folder, platform), platform.settings
    told = {
        "issuer": known.issuer,
        "client_id": known.client_id,
        "auth_url": known.authorization_url,
        "token_url": known.token_url,
        "jwks_url": jwks_url,
        "deployment_id": known.deployment_id,
        "launch_url": known.tool_launch_url,
        "folder": str(folder / f"cache-{options.port}"),
        "cache": cache,
    }
    env = app_environment(options, Models(), "")
    env |= {"BARE_TOOL": json.dumps(told), "REQUESTS_CA_BUNDLE": str(authorities)}
    service = web(options, env)
    command = (*service.command[:-1], "bench.bare_tool:application")
    with _running(replace(service, command=command), folder) as process:
        yield Served(name, options.port, (process,))


def _options(folder: Path, platform: Platform) -> Options:
    return read_options(
        {
            "COURSELLM_DATA": str(folder),
            "PORT": str(free_port()),
            "DEMO_LMS_PORT": str(platform.settings.port),
        }
    )


@contextmanager
def _running(service: Service, folder: Path) -> Iterator[Process]:
    child = Child(service, folder)
    child.start()
    try:
        deadline = monotonic() + START_SECONDS
        while not service.is_ready():
            said = child.log.read_text()
            assert not child.has_died() and monotonic() < deadline, said
            sleep(0.1)
        assert child.process is not None
        yield Process(child.process.pid)
    finally:
        child.ask_to_stop()
        child.end(monotonic() + 10)
