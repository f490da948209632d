"""`make run`: start everything, print the one address to open, look after it, stop it all.

    python -m scripts.run

Order: checks (nothing is started before they pass), model servers and demo LMS, PostgreSQL,
migrations, the sample course, worker and web. Model servers load while the database starts.
"""

import os
import signal
import sys
import time
from pathlib import Path

from scripts import fetch_model, model_registry
from scripts.embedded_postgres import EmbeddedPostgres
from scripts.errors import CannotStart, explain_os_error, require_space
from scripts.locks import take_lock
from scripts.options import Options, read_options
from scripts.probes import model_servers, require_port
from scripts.services import (
    Models,
    app_environment,
    demo_lms,
    model_services,
    prepare_command,
    web,
    worker,
)
from scripts.setup_steps import MODELS
from scripts.supervisor import Stopped, Supervisor, say

MEGABYTES_NEEDED = 300
LARGER = model_registry.LARGER[0]


def main() -> None:
    """Run until asked to stop; exit status 1 and one clear message where that cannot be."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        options = read_options(os.environ)
        with take_lock(options.data_dir / "run.lock", options.data_dir):
            check(options)
            run(options, chat_file(options))
    except CannotStart as reason:
        sys.exit(f"CourseLLM cannot run: {reason}")
    except OSError as error:
        sys.exit(f"CourseLLM cannot run: {explain_os_error(error, 'Starting')}")
    except KeyboardInterrupt:
        sys.exit("Stopped.")


def check(options: Options) -> None:
    """All that could be in the way, before anything is started."""
    require_space(options.data_dir, MEGABYTES_NEEDED)
    require_port(options.port, "PORT")
    if options.is_demo:
        require_port(options.lms_port, "DEMO_LMS_PORT")


def chat_file(options: Options) -> Path | None:
    """The GGUF file for the embedded server, fetched where it is asked for by name."""
    weights = options.chat_weights
    if weights is None:
        return options.chat_file
    folder = MODELS if weights is model_registry.SMALL else options.data_dir / "models"
    return fetch_model.fetch(weights, folder, print)


def run(options: Options, chat: Path | None) -> None:
    """Start, serve, and stop in the reverse order: PostgreSQL last."""
    say(f"CourseLLM starts (data in {options.data_dir})")
    supervisor = Supervisor(options.logs)
    supervisor.listen()
    postgres = None if options.database_url else _postgres(options)
    try:
        start(options, supervisor, postgres, chat)
        say(welcome(options))
        serve(supervisor, postgres)
    except Stopped:
        say("\nStopping …")
    finally:
        supervisor.stop()
        if postgres is not None:
            postgres.stop()
    say("Stopped.")


def _postgres(options: Options) -> EmbeddedPostgres:
    return EmbeddedPostgres(options.data_dir, log=options.logs / "postgres.log")


def start(
    options: Options,
    supervisor: Supervisor,
    postgres: EmbeddedPostgres | None,
    chat: Path | None,
) -> None:
    """Bring everything up, in parallel where the order allows."""
    models = Models()
    supervisor.start(*model_services(options, models, chat))
    if options.is_demo:
        supervisor.start(demo_lms(options))
    database_url = options.database_url or _start_postgres(postgres)
    env = app_environment(options, models, database_url)
    supervisor.run("Preparing the database", prepare_command(options), env)
    supervisor.start(worker(env, models, options), web(options, env))
    supervisor.wait_until_ready()


def _start_postgres(postgres: EmbeddedPostgres | None) -> str:
    assert postgres is not None
    begin = time.monotonic()
    postgres.start()
    postgres.create_database()
    say(f"  postgres is ready ({time.monotonic() - begin:.1f} s)")
    return postgres.dsn()


def serve(supervisor: Supervisor, postgres: EmbeddedPostgres | None) -> None:
    """Look after the children until someone asks us to stop."""
    while True:
        supervisor.pause(0.5)
        if postgres is not None and postgres.has_died():
            say("postgres has ended unexpectedly: it is started again")
            postgres.start()
        supervisor.look_after()


def welcome(options: Options) -> str:
    """The address to open, and which model answers."""
    address = options.lms_url if options.is_demo else options.url
    lines = ["", f"CourseLLM is ready. Open  {address}", "", *_model_lines(options)]
    lines.append(f"Data and logs are in {options.data_dir}. Ctrl-C stops everything.")
    return "\n".join(lines)


def _model_lines(options: Options) -> list[str]:
    if options.chat_url is not None:
        return [f"Answers come from {options.chat_name or 'the model'} at {options.chat_url}."]
    lines = [f"Answers come from {options.chat_name}, on this machine."]
    if options.chat_weights is model_registry.SMALL:
        lines += [
            "It is a very small model, for trying out, and writes only where a teacher of the"
            " course has switched it on.",
            f"A larger one, fetched once ({LARGER.size / 1e9:.1f} GB):"
            f"  make run MODEL={LARGER.name}",
        ]
    lines += [
        f"{name} runs on this machine; to use it:"
        f"  make run OPENAI_BASE_URL={address} COURSELLM_CHAT_MODEL=<its model>"
        for name, address in model_servers().items()
    ]
    return lines


if __name__ == "__main__":
    main()
