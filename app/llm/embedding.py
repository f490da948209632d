"""Vectors of questions and passages, from any OpenAI-compatible endpoint."""

import logging
import math
from collections.abc import Sequence
from functools import lru_cache
from time import monotonic
from typing import Any

import openai

from app import config
from app.llm.errors import ModelUnavailable, as_unavailable
from app.llm.profiles import STORED_DIMENSIONS, EmbeddingProfile, embedding_profile

log = logging.getLogger("coursellm.llm")

QUESTION_TIMEOUT = openai.Timeout(2.0, connect=1.0)
"""Seconds. A question waits no longer for its vector: words alone find pages too."""
PASSAGES_TIMEOUT = openai.Timeout(120.0, connect=3.0)
"""For a few passages. They are not asked for again at once: the job that wants them comes again."""
LEFT_ALONE = 600.0
"""Seconds for which a model that did not answer in time is asked for no passages, where the
installation has another one that can work meanwhile."""
_silent_until: dict[tuple[str | None, str], float] = {}
"""By address and name. Of this process: each finds out for itself."""


def embed_question(text: str, profile: EmbeddingProfile | None = None) -> list[float] | None:
    """The vector of a question, by the installation's model or by `profile`, at its native width;
    None where none comes in time."""
    profile = profile or embedding_profile()
    if not profile.is_connected or not text.strip():
        return None
    try:
        texts = [profile.query_prefix + text]
        return _embed(profile, texts, "query", QUESTION_TIMEOUT)[0]
    except ModelUnavailable as error:
        log.warning("question without a vector: %s", error.reason)
        return None


def embed_passages(
    texts: Sequence[str], profile: EmbeddingProfile | None = None
) -> list[list[float]]:
    """One vector for each text, in order, at the model's native width.

    Raises ModelUnavailable; the call can be run again. While courses move to another
    model, one that hangs costs all callers together one time limit in a while.
    """
    profile = profile or embedding_profile()
    if not profile.is_connected:
        reason = f"no embedding endpoint is configured for {profile.name}"
        raise ModelUnavailable(reason=reason, is_passing=False)
    if not texts:
        return []
    prefixed = [profile.passage_prefix + text for text in texts]
    model = (profile.base_url, profile.name)
    if monotonic() < _silent_until.get(model, 0.0):
        raise ModelUnavailable(reason=f"{profile.name} did not answer in time a while ago")
    try:
        return _embed(profile, prefixed, "passage", PASSAGES_TIMEOUT)
    except ModelUnavailable as error:
        has_two = config.current().previous_embedding_model is not None
        if has_two and isinstance(error.__cause__, openai.APITimeoutError):
            _silent_until[model] = monotonic() + LEFT_ALONE
        raise


def _embed(
    profile: EmbeddingProfile,
    texts: list[str],
    input_type: str,
    timeout: openai.Timeout,
) -> list[list[float]]:
    asked: dict[str, Any] = {}
    if profile.asked_dimensions:
        asked["dimensions"] = profile.asked_dimensions
    if profile.takes_input_type:
        asked["extra_body"] = {"input_type": input_type}
    client = _client(profile.base_url or "", profile.api_key)
    client = client.with_options(timeout=timeout, max_retries=0)
    try:
        answer = client.embeddings.create(model=profile.name, input=texts, **asked)
    except (openai.OpenAIError, ValueError) as error:
        raise as_unavailable(error) from error
    rows = sorted(answer.data or [], key=lambda row: row.index)
    vectors = [[float(value) for value in row.embedding] for row in rows]
    _check(profile, vectors, len(texts))
    return vectors


def _check(profile: EmbeddingProfile, vectors: list[list[float]], expected: int) -> None:
    """Raise ModelUnavailable for vectors that could not be stored or compared."""
    widths = {len(vector) for vector in vectors}
    wanted = {profile.dimensions} if profile.dimensions else widths
    if len(vectors) != expected or widths != wanted or max(widths) > STORED_DIMENSIONS:
        reason = f"{profile.name} gave {len(vectors)} vectors of {widths}, not {expected}"
        raise ModelUnavailable(reason=reason, is_passing=False)
    if not all(math.isfinite(sum(vector)) for vector in vectors):
        raise ModelUnavailable(reason=f"{profile.name} gave a vector that is no number")


@lru_cache(maxsize=8)
def _client(base_url: str, api_key: str) -> openai.OpenAI:
    """One client an endpoint: it keeps its connections open and may be used by many threads."""
    return openai.OpenAI(base_url=base_url, api_key=api_key)
