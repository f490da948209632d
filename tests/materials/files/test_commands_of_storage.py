"""What is wrong with the storage the operator is told by a command, the console and the metrics."""

from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import update
from sqlalchemy.orm import Session

from app import config
from app.materials.commands import materials
from models import CourseMaterial, FileFault
from scripts.probes import free_port
from tests.admin.conftest import Console, link_of
from tests.materials.conftest import Add, Bucket


@pytest.fixture
def console(app: Flask) -> Console:
    console = Console(app.test_client())
    assert console.log_in(link_of(app)).status_code == 303
    return console


def away(bucket: Bucket) -> None:
    endpoint = f"http://127.0.0.1:{free_port()}"
    config.install(replace(bucket.settings, storage_endpoint=endpoint))


def test_the_command_says_whether_files_can_be_kept(app: Flask, bucket: Bucket) -> None:
    runner = app.test_cli_runner()
    done = runner.invoke(materials, ["check-storage"])
    assert done.exit_code == 0 and f"can be kept at s3://{bucket.name}/course/llm" in done.output
    away(bucket)
    failed = runner.invoke(materials, ["check-storage"])
    assert failed.exit_code == 1 and "COURSELLM_STORAGE_URL" in failed.output
    assert "Debug" not in failed.output


def test_the_console_says_that_the_bucket_is_away(bucket: Bucket, console: Console) -> None:
    assert "cannot be kept" not in console.get("/").text
    away(bucket)
    page = console.get("/").text
    assert "Course files cannot be kept or opened at the moment." in page


def test_console_and_metrics_name_what_is_lost(
    app: Flask, session: Session, add: Add, console: Console
) -> None:
    material_id = add("a.txt", b"x")
    assert "Path in the storage" not in console.get("/").text
    session.execute(update(CourseMaterial).values(file_fault=FileFault.MISSING))
    session.commit()
    page = console.get("/").text
    assert f"<code>{material_id}/" in page and "Missing" in page
    assert 'coursellm_faulty_files{fault="missing"} 1' in app.test_client().get("/metrics").text


def test_a_worker_says_at_its_start_that_the_bucket_is_away(
    app: Flask, bucket: Bucket, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    started: list[object] = []
    monkeypatch.setattr("app.jobs.run_worker", started.append)
    app.test_cli_runner().invoke(args=["worker"])
    assert "can't be kept" not in caplog.text
    away(bucket)
    app.test_cli_runner().invoke(args=["worker"])
    assert "course files can't be kept or read" in caplog.text and len(started) == 2
