"""Writes the reader and the slides anew into app/demo/files/."""

from pathlib import Path

from scripts.sample_course import reader, slides

DEMO = Path(__file__).parents[2] / "app" / "demo"
SOURCES, FILES = DEMO / "sources", DEMO / "files"


def main() -> None:
    """Both files, from their sources."""
    pages = reader.make(SOURCES / "reader.md", FILES / "weeks-4-and-5-reader.pdf")
    count = slides.make(SOURCES / "slides.md", FILES / "week-4-strings.pptx")
    print(f"The reader has {pages} pages, the deck {count} slides.")


if __name__ == "__main__":
    main()
