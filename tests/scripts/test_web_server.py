"""The web server as `make run` starts it: a class that reads streams keeps nobody else out."""

import asyncio
import os
from dataclasses import replace
from pathlib import Path

from scripts.options import read_options
from scripts.probes import LOOPBACK, answers, free_port
from scripts.services import web
from scripts.supervisor import Child

STREAMS, OTHERS, SECONDS = 300, 40, 90


def test_300_streams_leave_room_for_everybody_else(tmp_path: Path):
    port = free_port()
    options = read_options({"PORT": str(port), "COURSELLM_DATA": str(tmp_path)})
    service = web(options, dict(os.environ))
    command = (*service.command[:-1], "tests.scripts.streaming_app:application")
    child = Child(replace(service, command=command), tmp_path)
    child.start()
    try:
        asyncio.run(asyncio.wait_for(_crowd(port), SECONDS))
    finally:
        assert child.process is not None
        child.process.kill()
        child.end(0)


async def _crowd(port: int) -> None:
    while not await asyncio.to_thread(answers, f"http://{LOOPBACK}:{port}/"):
        await asyncio.sleep(0.1)
    readers = await asyncio.gather(*(_begin(port, b"/stream") for _ in range(STREAMS)))
    others = await asyncio.gather(*(_begin(port, b"/") for _ in range(OTHERS)))
    for writer in readers + others:
        writer.close()


async def _begin(port: int, path: bytes) -> asyncio.StreamWriter:
    """Ask, and wait for the first word of the answer."""
    reader, writer = await asyncio.open_connection(LOOPBACK, port)
    writer.write(b"GET %b HTTP/1.1\r\nHost: localhost\r\n\r\n" % path)
    await reader.readuntil(b"begun")
    return writer
