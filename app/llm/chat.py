"""A chat model's answer as it is written, token by token."""

import asyncio
import queue
import time
from collections.abc import AsyncIterator, Callable, Generator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, TypedDict

import openai

from app.llm import background
from app.llm.errors import BROKE_OFF, NO_REPLY, TOO_LONG, ModelUnavailable, as_unavailable
from app.llm.profiles import ChatProfile

TICK_SECONDS = 1.0
"""So long a silent model may leave its reader without a sign of life from us."""


class ChatMessage(TypedDict):
    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True)
class Usage:
    """What the endpoint says a call took, in tokens, and the model's full name."""

    model: str
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


@dataclass(frozen=True)
class Delta:
    """The next piece of an answer. Empty while the model is silent; `usage` comes last."""

    text: str = ""
    usage: Usage | None = None


@dataclass(frozen=True)
class Limits:
    """How long to wait, in seconds."""

    connect: float = 3.0
    first_token: float = 60.0
    between_tokens: float = 30.0
    whole: float = 300.0


def stream_chat(
    profile: ChatProfile,
    messages: Sequence[ChatMessage],
    limits: Limits = Limits(),  # frozen
) -> Generator[Delta, None, None]:
    """Yield the answer as it comes; about once a second of silence an empty Delta.

    Closing the iterator closes the connection, and the model's server stops writing.
    Raises ModelUnavailable when no answer comes or it breaks off.
    """
    pieces: queue.SimpleQueue[Delta | ModelUnavailable | None] = queue.SimpleQueue()
    reading = background.start(_read(profile, list(messages), limits, pieces.put))
    end = time.monotonic() + limits.whole + 2 * TICK_SECONDS  # should the reading itself hang
    try:
        while True:
            try:
                piece = pieces.get(timeout=TICK_SECONDS)
            except queue.Empty:
                piece = Delta()
                if time.monotonic() > end:
                    raise ModelUnavailable(BROKE_OFF, reason="the reading hangs") from None
            if piece is None:
                return
            if isinstance(piece, ModelUnavailable):
                raise piece
            yield piece
    finally:
        reading.cancel()


async def _read(
    profile: ChatProfile,
    messages: list[ChatMessage],
    limits: Limits,
    put: Callable[[Delta | ModelUnavailable | None], None],
) -> None:
    """Put every piece, then None; or what went wrong, as the last one."""
    has_begun = False
    try:
        async with asyncio.timeout(limits.whole):
            async for delta in _pieces(profile, messages, limits):
                has_begun = has_begun or bool(delta.text)
                put(delta)
        put(None if has_begun else ModelUnavailable(NO_REPLY, reason="the answer was empty"))
    except TimeoutError as error:
        sentence = BROKE_OFF if has_begun else NO_REPLY
        put(ModelUnavailable(sentence, reason=f"time limit: {error}"))
    except Exception as error:
        unavailable = as_unavailable(error)
        if has_begun:
            unavailable = ModelUnavailable(BROKE_OFF, reason=unavailable.reason or "")
        put(unavailable)


async def _pieces(
    profile: ChatProfile, messages: list[ChatMessage], limits: Limits
) -> AsyncIterator[Delta]:
    """Each wait is limited: longer for the first sign of the model at work."""
    model, usage = profile.name, None
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(limits.first_token) as limit:
        async with await _open(profile, messages, limits) as stream:
            async for chunk in stream:
                model = chunk.model or model
                if chunk.usage:
                    usage = chunk.usage
                delta = chunk.choices[0].delta if chunk.choices else None
                if delta and (delta.content or getattr(delta, "reasoning_content", None)):
                    limit.reschedule(loop.time() + limits.between_tokens)
                if delta and delta.content:
                    yield Delta(delta.content)
    if usage:
        yield Delta(usage=Usage(model, usage.prompt_tokens, usage.completion_tokens))
    else:
        yield Delta(usage=Usage(model))


_plain_only: set[tuple[str, str]] = set()
"""Endpoints that refused the parameters of `_courtesies`."""


async def _open(
    profile: ChatProfile, messages: list[ChatMessage], limits: Limits
) -> "openai.AsyncStream[Any]":
    """Begin the answer; an endpoint that knows an older or newer dialect is asked plainly."""
    client = _client(profile.base_url, profile.api_key, limits.connect)
    plain: dict[str, Any] = {"model": profile.name, "messages": messages, "stream": True}
    endpoint = (profile.base_url, profile.name)
    if endpoint in _plain_only:
        return await client.chat.completions.create(**plain)  # type: ignore[no-any-return]
    try:
        return await client.chat.completions.create(  # type: ignore[no-any-return]
            **plain, **_courtesies(profile)
        )
    except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
        if as_unavailable(error).sentence == TOO_LONG:
            raise
        stream = await client.chat.completions.create(**plain)
        _plain_only.add(endpoint)
        return stream  # type: ignore[no-any-return]


def _courtesies(profile: ChatProfile) -> dict[str, Any]:
    asked: dict[str, Any] = {
        "stream_options": {"include_usage": True},
        "max_tokens": profile.answer_tokens,
        "temperature": profile.temperature,
    }
    return {**asked, "stop": list(profile.stops)} if profile.stops else asked


@lru_cache(maxsize=8)
def _client(base_url: str, api_key: str, connect: float) -> openai.AsyncOpenAI:
    """One client an endpoint, of the background loop; waits are limited here, not by it."""
    timeout = openai.Timeout(None, connect=connect)
    return openai.AsyncOpenAI(base_url=base_url, api_key=api_key, timeout=timeout, max_retries=0)
