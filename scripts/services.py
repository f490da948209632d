"""The processes of an installation: how each is started and when it counts as healthy."""

import os
import secrets
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from scripts.model_server import EMBEDDING_MODEL
from scripts.options import Options
from scripts.probes import LOOPBACK, answers, database_time, free_port, has_ipv6, worker_beats

# Imported once, then forked: the application opens nothing before its first request.
WEB_SWITCHES = ("--preload", "--no-control-socket")
# Each open stream holds one, and nobody shares the streams out evenly: either process must be able
# to hold those of a whole class and have some left. A thread is made when it is first needed.
WEB_THREADS = 512
PYTHON = (sys.executable, "-m")


@dataclass(frozen=True)
class Service:
    """One process. Without an essential one nothing works, so its end ends everything."""

    name: str
    command: tuple[str, ...]
    env: Mapping[str, str]
    is_ready: Callable[[], bool]
    nice: int = 0
    essential: bool = True
    death_signal: int = signal.SIGKILL


@dataclass(frozen=True)
class Models:
    """The embedded model servers' addresses, fixed for this run, and the chat server's key."""

    chat_port: int = field(default_factory=free_port)
    question_port: int = field(default_factory=free_port)
    indexing_port: int = field(default_factory=free_port)
    key: str = field(default_factory=lambda: secrets.token_urlsafe(24))


def model_services(options: Options, models: Models, chat_file: Path | None) -> list[Service]:
    """The embedded servers for what has no address of its own."""
    services = []
    if _address_of_embedded(options) is not None:
        services.append(_embeddings("embeddings-questions", models.question_port, "query"))
        services.append(
            _embeddings("embeddings-indexing", models.indexing_port, "passage", nice=10, threads=2)
        )
    if chat_file is not None:
        services.append(_chat(options, models, chat_file))
    return services


def _embeddings(name: str, port: int, modality: str, nice: int = 0, threads: int = 1) -> Service:
    """Questions and indexing are apart: one server takes one request at a time."""
    place = ("--port", str(port), "--modality", modality)
    arguments = ("embeddings", *place, "--threads", str(threads))
    return Service(
        name=name,
        command=(*PYTHON, "scripts.model_server", *arguments),
        env=_bare_environment(),
        is_ready=lambda: answers(f"http://{LOOPBACK}:{port}/health"),
        nice=nice,
        essential=False,
    )


def _chat(options: Options, models: Models, file: Path) -> Service:
    arguments = ("--port", str(models.chat_port), "--file", str(file), "--threads", _threads())
    return Service(
        name="chat-model",
        command=(*PYTHON, "scripts.model_server", "chat", *arguments, "--alias", _alias(options)),
        env=_bare_environment() | {"COURSELLM_MODEL_SERVER_KEY": models.key},
        is_ready=lambda: answers(f"http://{LOOPBACK}:{models.chat_port}/health"),
        essential=False,
    )


def _threads() -> str:
    """One core stays for the rest: threads that wait for a busy core make it six times slower."""
    return str(max(1, min((os.cpu_count() or 1) - 1, 4)))


def _alias(options: Options) -> str:
    return options.chat_name or "local-model"


def app_environment(options: Options, models: Models, database_url: str) -> dict[str, str]:
    """What web, worker and commands are told; an address set by the operator stays."""
    env = _environment() | {
        "DATABASE_URL": database_url,
        "COURSELLM_DATA": str(options.data_dir),
        "COURSELLM_URL": options.url,
    }
    if options.chat_url is None:
        env["OPENAI_BASE_URL"] = f"http://{LOOPBACK}:{models.chat_port}/v1"
        env["OPENAI_API_KEY"] = models.key
        env["COURSELLM_CHAT_MODEL"] = _alias(options)
    address = _address_of_embedded(options)
    if address is not None:
        env[address] = f"http://{LOOPBACK}:{models.question_port}/v1"
    if options.embedding_url is None:
        env["COURSELLM_EMBEDDING_API_KEY"] = "embedded"
        env["COURSELLM_EMBEDDING_MODEL"] = EMBEDDING_MODEL
    if options.is_demo:
        trusted = [env.get("COURSELLM_TRUSTED_PRIVATE_HOSTS", ""), f"{LOOPBACK}:{options.lms_port}"]
        env["COURSELLM_TRUSTED_PRIVATE_HOSTS"] = ",".join(filter(None, trusted))
        env["DEMO_LMS_PORT"] = str(options.lms_port)
    return env


def _address_of_embedded(options: Options) -> str | None:
    """The setting that says where the embedded server for vectors is, if one is wanted."""
    if options.embedding_url is None:
        return "COURSELLM_EMBEDDING_BASE_URL"
    return "COURSELLM_PREVIOUS_EMBEDDING_BASE_URL" if options.keeps_embedded else None


def prepare_command(options: Options) -> tuple[str, ...]:
    """Migrations and, in the demo, the sample course."""
    return (*PYTHON, "scripts.prepare_database", *(["demo"] if options.is_demo else []))


def web(options: Options, env: Mapping[str, str]) -> Service:
    """The web server: threads wait on streams, processes use the cores."""
    hosts = [f"{LOOPBACK}:{options.port}"] + [f"[::1]:{options.port}"] * has_ipv6()
    settings = {
        "--worker-class": "gthread",
        "--workers": str(options.web_processes),
        "--threads": str(WEB_THREADS),
        "--graceful-timeout": "5",
        "--worker-tmp-dir": "/dev/shm" if Path("/dev/shm").is_dir() else str(options.data_dir),  # noqa: S108
    }
    arguments = [part for pair in settings.items() for part in pair]
    arguments += [part for host in hosts for part in ("--bind", host)]
    return Service(
        name="web",
        command=(*PYTHON, "gunicorn", *arguments, *WEB_SWITCHES, "wsgi:application"),
        env=env,
        is_ready=lambda: answers(f"http://{LOOPBACK}:{options.port}/health/ready"),
        death_signal=signal.SIGQUIT,
    )


def worker(env: Mapping[str, str], models: Models, options: Options) -> Service:
    """The job worker; its vectors come from the server that questions do not wait for."""
    own = dict(env)
    address = _address_of_embedded(options)
    if address is not None:
        own[address] = f"http://{LOOPBACK}:{models.indexing_port}/v1"
    begin = database_time(env["DATABASE_URL"])
    return Service(
        name="worker",
        command=(*PYTHON, "flask", "--app", "wsgi", "worker"),
        env=own,
        is_ready=lambda: worker_beats(env["DATABASE_URL"], begin),
        nice=5,
    )


def demo_lms(options: Options) -> Service:
    """The LMS to try things in; it knows nothing of the tool's database and keys."""
    env = _bare_environment() | {
        "COURSELLM_DATA": str(options.data_dir),
        "COURSELLM_URL": options.url,
        "DEMO_LMS_PORT": str(options.lms_port),
    }
    return Service(
        name="demo-lms",
        command=(*PYTHON, "demo_lms"),
        env=env,
        is_ready=lambda: answers(f"{options.lms_url}/health"),
    )


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONUNBUFFERED": "1"}


def _bare_environment() -> dict[str, str]:
    """Without the tool's settings, for what must not know its database and keys."""
    return {
        name: value
        for name, value in _environment().items()
        if not name.startswith(("COURSELLM_", "OPENAI_")) and name != "DATABASE_URL"
    }
