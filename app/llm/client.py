"""The way to the models: chat and embeddings. Everything else of this room serves this file."""

from app.llm.chat import ChatMessage, Delta, Limits, Usage, stream_chat
from app.llm.embedding import embed_passages, embed_question
from app.llm.errors import ModelUnavailable

__all__ = [
    "ChatMessage",
    "Delta",
    "Limits",
    "ModelUnavailable",
    "Usage",
    "embed_passages",
    "embed_question",
    "stream_chat",
]
