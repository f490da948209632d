"""Uploads by tus as a browser makes them, and what they leave in the database."""

import base64

from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from models import CourseMaterial, Upload
from tests.helpers import Visitor

TUS = {"Tus-Resumable": "1.0.0"}
TEXT = b"Osmosis moves water through a membrane.\n" * 100


def metadata(**facts: str) -> str:
    return ",".join(f"{k} {base64.b64encode(v.encode()).decode()}" for k, v in facts.items())


def begin(visitor: Visitor, size: int = len(TEXT), **facts: str) -> TestResponse:
    facts = {"filename": "Woche 1 – Größe.txt", **facts}
    headers = {**TUS, "Upload-Length": str(size), "Upload-Metadata": metadata(**facts)}
    return visitor.post("materials/uploads/", headers=headers)


def send(visitor: Visitor, address: str, offset: int, content: bytes, **more: str) -> TestResponse:
    headers = {**TUS, "Upload-Offset": str(offset), **more}
    headers.setdefault("Content-Type", "application/offset+octet-stream")
    return visitor.open("PATCH", address, data=content, headers=headers)


def ask(visitor: Visitor, address: str) -> TestResponse:
    return visitor.open("HEAD", address, headers=TUS)


def uploads_of(session: Session) -> list[Upload]:
    session.rollback()
    return list(session.scalars(select(Upload).execution_options(populate_existing=True)))


def materials(session: Session) -> list[CourseMaterial]:
    session.rollback()
    return list(session.scalars(select(CourseMaterial)))
