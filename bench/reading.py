"""Memory of worker and reader while a PDF of 1,000 pages is read and cut into chunks.

Bar: each under 1 GiB. The PDF is the course's book four times over; skips without it.
"""

import resource
import tempfile
import time
from pathlib import Path

import pypdfium2 as pdfium

from app.materials.indexing.extraction import extract
from app.materials.indexing.steps import chunks_of
from bench.indexing import BOOK
from bench.report import report

PAGES = 1_000


def main() -> None:
    """Read a long book once."""
    if not BOOK.exists():
        print("reading: skipped, ../shared/data/course is not here")
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "long.pdf"
        _write_long_book(path)
        begin = time.monotonic()
        found = extract(path, path.name)
        seconds = time.monotonic() - begin
        chunks = chunks_of(found)
    assert found.page_count == PAGES
    rows: list[dict[str, object]] = [
        {"what": f"reading {PAGES} pages, s", "value": round(seconds, 1)},
        {"what": "chunks", "value": len(chunks)},
        {"what": "reader's memory at most, MiB", "value": _mebibytes(resource.RUSAGE_CHILDREN)},
        {"what": "worker's memory at most, MiB", "value": _mebibytes(resource.RUSAGE_SELF)},
    ]
    report("reading", rows)


def _write_long_book(path: Path) -> None:
    book, long = pdfium.PdfDocument(BOOK), pdfium.PdfDocument.new()
    while len(long) < PAGES:
        long.import_pages(book, list(range(min(len(book), PAGES - len(long)))))
    long.save(path)


def _mebibytes(who: int) -> int:
    return resource.getrusage(who).ru_maxrss // 1024


if __name__ == "__main__":
    main()
