"""Makes the files that the tests upload: small, real, and broken in every way."""

import io
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path

import docx
import pptx
from PIL import Image
from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen import canvas

_ZEROS = bytes(1 << 20)


def pdf(
    pages: Sequence[str], *, size: tuple[int, int] = (595, 842), encrypted: bool = False
) -> bytes:
    """A PDF with one line of Helvetica per line of each page's text (Latin-1 only)."""
    streams = [_text_stream(page, size[1]) for page in pages]
    return pdf_of_streams([zlib.compress(s) for s in streams], size=size, encrypted=encrypted)


def pdf_of_streams(
    streams: Sequence[bytes], *, size: tuple[int, int] = (595, 842), encrypted: bool = False
) -> bytes:
    """A PDF whose pages have the given compressed content streams."""
    kids = " ".join(f"{4 + 2 * i} 0 R" for i in range(len(streams)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(streams)} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for i, stream in enumerate(streams):
        box = f"[0 0 {size[0]} {size[1]}]"
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox {box} /Contents {5 + 2 * i} 0 R "
            "/Resources << /Font << /F1 3 0 R >> >> >>".encode()
        )
        head = f"<< /Length {len(stream)} /Filter /FlateDecode >>\nstream\n".encode()
        objects.append(head + stream + b"\nendstream")
    extra = b""
    if encrypted:
        # No password opens this: neither hash is that of an empty one.
        key = "41" * 32
        entry = f"<< /Filter /Standard /V 1 /R 2 /P -44 /O <{key}> /U <{key}> >>"
        objects.append(entry.encode())
        extra = f" /Encrypt {len(objects)} 0 R /ID [<{key}> <{key}>]".encode()
    return _assemble(objects, extra)


def _text_stream(text: str, height: int) -> bytes:
    escaped = (
        line.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
        for line in text.split("\n")
    )
    lines = " T* ".join(f"({line}) Tj" for line in escaped)
    return f"BT /F1 11 Tf 14 TL 50 {height - 60} Td {lines} ET".encode("latin-1", "replace")


def _assemble(objects: Sequence[bytes], extra: bytes) -> bytes:
    out = io.BytesIO(b"")
    out.write(b"%PDF-1.4\n")
    offsets = []
    for number, body in enumerate(objects, start=1):
        offsets.append(out.tell())
        out.write(f"{number} 0 obj\n".encode() + body + b"\nendobj\n")
    start = out.tell()
    out.write(f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode())
    out.writelines(f"{offset:010} 00000 n \n".encode() for offset in offsets)
    trailer = f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R".encode()
    out.write(trailer + extra + f" >>\nstartxref\n{start}\n%%EOF\n".encode())
    return out.getvalue()


def pdf_bomb(size: int = 1 << 30) -> bytes:
    """A PDF page whose content unpacks to `size` bytes."""
    packer = zlib.compressobj(9)
    stream = b"".join(packer.compress(_ZEROS) for _ in range(size >> 20)) + packer.flush()
    return pdf_of_streams([stream])


def slides(*contents: tuple[str, str, str]) -> bytes:
    """A PowerPoint file of (title, body, notes)."""
    deck = pptx.Presentation()
    for title, body, notes in contents:
        slide = deck.slides.add_slide(deck.slide_layouts[1])
        slide.shapes.title.text = title
        slide.placeholders[1].text = body
        if notes:
            slide.notes_slide.notes_text_frame.text = notes
    return _saved(deck)


def document(*paragraphs: tuple[int, str]) -> bytes:
    """A Word file of (heading level or 0, text)."""
    word = docx.Document()
    for level, text in paragraphs:
        if level:
            word.add_heading(text, level)
        else:
            word.add_paragraph(text)
    return _saved(word)


def _saved(office: object) -> bytes:
    out = io.BytesIO()
    office.save(out)  # type: ignore[attr-defined]
    return out.getvalue()


def with_part(archive: bytes, name: str, content: bytes | int) -> bytes:
    """The archive with one part replaced, by `content` or by that many spaces."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(out, "w", 8) as new:
        for entry in old.infolist():
            if entry.filename != name:
                new.writestr(entry, old.read(entry))
        with new.open(name, "w", force_zip64=True) as part:
            if isinstance(content, bytes):
                part.write(content)
            else:
                for _ in range(content >> 20):
                    part.write(b" " * (1 << 20))
    return out.getvalue()


OLE = bytes.fromhex("d0cf11e0a1b11ae1")


def encrypted_office() -> bytes:
    """The start of what Office saves with a password."""
    return OLE + bytes(3000) + "EncryptedPackage".encode("utf-16-le") + bytes(3000)


def zip_of(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(name, "content")
    return out.getvalue()


def entity_bomb() -> bytes:
    """A Word document whose one word would become ten to the ninth."""
    entities = "".join(f'<!ENTITY {chr(98 + i)} "{f"&{chr(97 + i)};" * 10}">' for i in range(9))
    name = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    return (
        f'<?xml version="1.0"?><!DOCTYPE w [<!ENTITY a "aaaaaaaaaa">{entities}]>'
        f'<w:document xmlns:w="{name}"><w:body><w:p><w:r><w:t>&j;</w:t></w:r></w:p></w:body>'
        "</w:document>"
    ).encode()


def saved(folder: Path, content: bytes) -> Path:
    path = folder / "upload"
    path.write_bytes(content)
    return path


def opendocument(body: str, *, encrypted: bool = False) -> bytes:
    """An OpenDocument text; its style P1 is preformatted."""
    spaces = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "text", "table", "style")
    )
    content = (
        f"<office:document-content {spaces}><office:automatic-styles>"
        '<style:style style:name="P1" style:parent-style-name="Preformatted_20_Text"/>'
        f"</office:automatic-styles><office:body><office:text>{body}</office:text></office:body>"
        "</office:document-content>"
    )
    manifest = "<manifest:encryption-data/>" if encrypted else "<manifest/>"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", 8) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        archive.writestr("content.xml", content)
        archive.writestr("META-INF/manifest.xml", manifest)
    return out.getvalue()


def with_footnote(word: bytes, after: str, text: str) -> bytes:
    """The Word file with a footnote at the end of the paragraph that says `after`."""
    name = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/footnotes"
    media = "application/vnd.openxmlformats-officedocument.wordprocessingml.footnotes+xml"
    notes = (
        f'<w:footnotes xmlns:w="{name}"><w:footnote w:id="0" w:type="separator"><w:p/></w:footnote>'
        f'<w:footnote w:id="2"><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:footnote></w:footnotes>'
    )
    changes = {
        "word/document.xml": (
            f"{after}</w:t></w:r>",
            f'{after}</w:t></w:r><w:r><w:footnoteReference w:id="2"/></w:r>',
        ),
        "word/_rels/document.xml.rels": (
            "</Relationships>",
            f'<Relationship Id="rId99" Type="{kind}" Target="footnotes.xml"/></Relationships>',
        ),
        "[Content_Types].xml": (
            "</Types>",
            f'<Override PartName="/word/footnotes.xml" ContentType="{media}"/></Types>',
        ),
    }
    for part, (old, new) in changes.items():
        with zipfile.ZipFile(io.BytesIO(word)) as archive:
            xml = archive.read(part).decode()
        assert old in xml
        word = with_part(word, part, xml.replace(old, new).encode())
    return with_part(word, "word/footnotes.xml", notes.encode())


def scan(note: str, text_too: str = "") -> bytes:
    """A PDF of pages that are pictures; the first one may have text."""
    picture = ImageReader(Image.new("L", (60, 40), 128))
    out = io.BytesIO()
    page = canvas.Canvas(out, A4)
    page.setTitle(note)
    for number in range(3):
        if text_too and number == 0:
            page.drawString(72, 700, text_too)
        page.drawImage(picture, 0, 400, width=595, height=192)
        page.showPage()
    page.save()
    return out.getvalue()
