"""Settings from the environment; every missing or bad variable is named at once."""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
MEGABYTE = 1024 * 1024
_PREVIOUS = "COURSELLM_PREVIOUS_EMBEDDING"


class BadSettings(ValueError):
    """The environment can't be used; the message names every fault."""


@dataclass(frozen=True)
class Settings:
    """What the installation is told from outside. Fields follow docs/operations.md."""

    database_url: str = field(repr=False)
    data_dir: Path
    url: str
    """Public address, without a slash at the end."""
    secret_keys: tuple[str, ...] = field(repr=False)
    """Newest first: the first signs and encrypts, all of them verify and decrypt."""
    storage_url: str
    """`file:///…`, or `s3://bucket/prefix`."""
    storage_endpoint: str | None = None
    """Address of the S3 server, where it is not Amazon's."""
    openai_base_url: str | None = None
    openai_api_key: str | None = field(default=None, repr=False)
    chat_model: str | None = None
    embedding_base_url: str | None = None
    embedding_api_key: str | None = field(default=None, repr=False)
    embedding_model: str = "multilingual-e5-small"
    previous_embedding_base_url: str | None = None
    previous_embedding_api_key: str | None = field(default=None, repr=False)
    previous_embedding_model: str | None = None
    """The model that courses had before; needed until all of them have moved."""
    trusted_private_hosts: tuple[str, ...] = ()
    metrics_token: str | None = field(default=None, repr=False)
    upload_limit_bytes: int = 200 * MEGABYTE

    @property
    def is_production(self) -> bool:
        """Whether the public address is not a loopback address."""
        return urlsplit(self.url).hostname not in LOOPBACK

    @property
    def origin(self) -> str:
        """Scheme, host and port of the public address, as a browser writes them."""
        parts = urlsplit(self.url)
        usual = {"http": ":80", "https": ":443"}[parts.scheme]
        return f"{parts.scheme}://{parts.netloc.lower().removesuffix(usual)}"

    @classmethod
    def from_env(cls, environ: Mapping[str, str] = os.environ) -> "Settings":
        """Read the settings.

        Raises BadSettings with one line per missing or bad variable.
        """
        data_dir = Path(environ.get("COURSELLM_DATA") or "var").resolve()
        settings = cls(
            database_url=with_driver(environ.get("DATABASE_URL") or _embedded(data_dir)),
            data_dir=data_dir,
            url=(environ.get("COURSELLM_URL") or "http://localhost:8000").rstrip("/"),
            secret_keys=_listed(environ.get("COURSELLM_SECRET_KEYS", "")),
            storage_url=environ.get("COURSELLM_STORAGE_URL") or (data_dir / "files").as_uri(),
            storage_endpoint=environ.get("AWS_ENDPOINT_URL_S3")
            or environ.get("AWS_ENDPOINT_URL")
            or None,
            openai_base_url=environ.get("OPENAI_BASE_URL") or None,
            openai_api_key=environ.get("OPENAI_API_KEY") or None,
            chat_model=environ.get("COURSELLM_CHAT_MODEL") or None,
            embedding_base_url=environ.get("COURSELLM_EMBEDDING_BASE_URL") or None,
            embedding_api_key=environ.get("COURSELLM_EMBEDDING_API_KEY") or None,
            embedding_model=environ.get("COURSELLM_EMBEDDING_MODEL") or "multilingual-e5-small",
            previous_embedding_base_url=environ.get(f"{_PREVIOUS}_BASE_URL") or None,
            previous_embedding_api_key=environ.get(f"{_PREVIOUS}_API_KEY") or None,
            previous_embedding_model=environ.get(f"{_PREVIOUS}_MODEL") or None,
            trusted_private_hosts=_listed(environ.get("COURSELLM_TRUSTED_PRIVATE_HOSTS", "")),
            metrics_token=environ.get("COURSELLM_METRICS_TOKEN") or None,
        )
        faults = settings._faults()
        if faults:
            raise BadSettings("\n".join(faults))
        return settings if settings.secret_keys else settings._with_development_key()

    def _faults(self) -> list[str]:
        parts = urlsplit(self.url)
        checks = [
            (
                bool(self.database_url),
                "DATABASE_URL is missing: give a PostgreSQL address, or start with `make run`.",
            ),
            (
                parts.scheme in {"http", "https"} and bool(parts.hostname),
                f"COURSELLM_URL must be an http or https address, not {self.url!r}.",
            ),
            (
                not parts.path and not parts.query and not parts.fragment,
                "COURSELLM_URL must be the root of its host, without a path.",
            ),
            (
                not self.is_production or parts.scheme == "https",
                "COURSELLM_URL must begin with https:// unless it is a loopback address.",
            ),
            (
                not self.is_production or bool(self.secret_keys),
                "COURSELLM_SECRET_KEYS is missing: give one or more random texts of at least "
                "32 characters, separated by commas, newest first.",
            ),
            (
                all(len(key) >= 32 for key in self.secret_keys),
                "COURSELLM_SECRET_KEYS holds a key of fewer than 32 characters.",
            ),
            (
                _names_storage(self.storage_url),
                "COURSELLM_STORAGE_URL must be file:///folder or s3://bucket/prefix.",
            ),
        ]
        return [fault for fine, fault in checks if not fine]

    def _with_development_key(self) -> "Settings":
        return replace(self, secret_keys=(_key_made_once(self.data_dir / "secret_key"),))


def _embedded(data_dir: Path) -> str:
    """Address of the embedded database while `make run` runs it, else an empty text."""
    note = data_dir / "postgres" / "url"
    return note.read_text().strip() if note.exists() else ""


def with_driver(url: str) -> str:
    """The address with the driver that SQLAlchemy is to use, psycopg 3."""
    for scheme in ("postgresql://", "postgres://"):
        if url.startswith(scheme):
            return "postgresql+psycopg://" + url.removeprefix(scheme)
    return url


def _names_storage(url: str) -> bool:
    parts = urlsplit(url)
    if parts.query or parts.fragment:
        return False
    if parts.scheme == "s3":
        return bool(parts.netloc)
    return parts.scheme == "file" and not parts.netloc and parts.path.startswith("/")


def _listed(text: str) -> tuple[str, ...]:
    return tuple(item.strip() for item in text.split(",") if item.strip())


def _key_made_once(path: Path) -> str:
    """The key in the file; the first process to come makes it whole, others read it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    if not path.exists():
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(48))
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()


_current: Settings | None = None


def install(settings: Settings) -> None:
    """Make these the settings of the process."""
    global _current  # noqa: PLW0603 - one process has one environment
    _current = settings


def current() -> Settings:
    """The settings of the process.

    Raises RuntimeError before `install`.
    """
    if _current is None:
        raise RuntimeError("create_app has not run: there are no settings yet")
    return _current
