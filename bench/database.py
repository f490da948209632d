"""The application on an embedded database of its own, for measurements that need one."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask
from flask_migrate import upgrade

from app import create_app
from app.config import Settings, with_driver
from scripts.embedded_postgres import EmbeddedPostgres


@contextmanager
def application(
    *, durable: bool = True, kept: Path | None = None, **given: object
) -> Iterator[Flask]:
    """The application, migrated, its context entered; the database writes as in real life.

    `kept`: a folder in which the database stays for the next run.
    """
    with tempfile.TemporaryDirectory() as folder:
        data = kept or Path(folder)
        data.mkdir(parents=True, exist_ok=True)
        with EmbeddedPostgres(data, durable=durable) as postgres:
            postgres.create_database()
            values: dict[str, object] = {
                "database_url": with_driver(postgres.dsn()),
                "data_dir": data,
                "url": "http://localhost:8000",
                "secret_keys": ("measured-" + "0" * 32,),
                "storage_url": (data / "files").as_uri(),
                "trusted_private_hosts": ("127.0.0.1", "localhost"),
            }
            app = create_app(Settings(**{**values, **given}))  # type: ignore[arg-type]
            with app.app_context():
                upgrade()
                yield app
            postgres.stop()
            if not kept:
                postgres.delete()
