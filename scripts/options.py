"""What `make run` is told by its environment, checked before anything is started."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from scripts import model_registry
from scripts.errors import CannotStart
from scripts.model_registry import Weights
from scripts.model_server import EMBEDDING_MODEL

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True)
class Options:
    """The settings that the supervisor itself needs; the rest goes through to the children.

    `chat_weights` is None where the chat model is a file of the operator's (`chat_file`) or
    stands behind an address of its own (`chat_url`).
    """

    data_dir: Path
    url: str
    port: int
    lms_port: int
    web_processes: int
    database_url: str | None
    chat_url: str | None
    embedding_url: str | None
    keeps_embedded: bool
    """Whether courses still have the embedded model's vectors, while another one makes new ones."""
    chat_file: Path | None
    chat_weights: Weights | None
    chat_name: str | None

    @property
    def is_demo(self) -> bool:
        """Whether the public address is a loopback one; only then the demo LMS runs."""
        return urlsplit(self.url).hostname in LOOPBACK

    @property
    def lms_url(self) -> str:
        """The demo LMS is another site than the tool, as in real life."""
        return f"http://127.0.0.1:{self.lms_port}"

    @property
    def logs(self) -> Path:
        """The folder of the children's logs."""
        return self.data_dir / "log"


def read_options(environ: Mapping[str, str]) -> Options:
    """Read and check. Raises CannotStart with a sentence that names the variable."""
    port = _number(environ, "PORT", 8000)
    lms_port = _number(environ, "DEMO_LMS_PORT", 8001)
    if port == lms_port:
        raise CannotStart(f"PORT and DEMO_LMS_PORT are both {port}: choose two.")
    weights, file = _chat_model(environ)
    file_name = None if file is None else file.stem
    return Options(
        data_dir=Path(environ.get("COURSELLM_DATA") or "var").absolute(),
        url=(environ.get("COURSELLM_URL") or f"http://localhost:{port}").rstrip("/"),
        port=port,
        lms_port=lms_port,
        web_processes=_number(environ, "WEB_CONCURRENCY", 2),
        database_url=environ.get("DATABASE_URL") or None,
        chat_url=environ.get("OPENAI_BASE_URL") or None,
        embedding_url=environ.get("COURSELLM_EMBEDDING_BASE_URL") or None,
        keeps_embedded=environ.get("COURSELLM_PREVIOUS_EMBEDDING_MODEL") == EMBEDDING_MODEL
        and not environ.get("COURSELLM_PREVIOUS_EMBEDDING_BASE_URL"),
        chat_file=file,
        chat_weights=weights,
        chat_name=weights.name if weights else environ.get("COURSELLM_CHAT_MODEL") or file_name,
    )


def _chat_model(environ: Mapping[str, str]) -> tuple[Weights | None, Path | None]:
    """Weights known by name, or a file; at most one of the three ways may be set."""
    ways = ("MODEL", "COURSELLM_CHAT_MODEL_FILE", "OPENAI_BASE_URL")
    chosen = [way for way in ways if environ.get(way)]
    if len(chosen) > 1:
        raise CannotStart(f"{' and '.join(chosen)} are both set: choose one chat model.")
    if "MODEL" in chosen:
        return model_registry.find(environ["MODEL"]), None
    if "COURSELLM_CHAT_MODEL_FILE" in chosen:
        file = Path(environ["COURSELLM_CHAT_MODEL_FILE"]).expanduser().absolute()
        if not file.is_file():
            raise CannotStart(f"COURSELLM_CHAT_MODEL_FILE={file} is not a file.")
        return None, file
    return (None if chosen else model_registry.SMALL), None


def _number(environ: Mapping[str, str], name: str, default: int) -> int:
    text = environ.get(name) or str(default)
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise CannotStart(f"{name}={text} is not a number between 1 and 65535.")
    return int(text)
