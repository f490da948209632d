"""Settings: what is missing or bad is named at once, development needs nothing."""

from pathlib import Path

import pytest

from app.config import BadSettings, Settings

DATABASE = {"DATABASE_URL": "postgresql://db.example/coursellm"}


def test_every_fault_is_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(BadSettings) as refused:
        Settings.from_env(
            {
                "COURSELLM_DATA": str(tmp_path),
                "COURSELLM_URL": "http://tutor.example.edu",
                "COURSELLM_STORAGE_URL": "ftp://files",
            }
        )
    message = str(refused.value)
    for name in ("DATABASE_URL", "https://", "COURSELLM_SECRET_KEYS", "COURSELLM_STORAGE_URL"):
        assert name in message


def test_a_short_secret_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="fewer than 32"):
        Settings.from_env(
            {**DATABASE, "COURSELLM_DATA": str(tmp_path), "COURSELLM_SECRET_KEYS": "short"}
        )


def test_development_makes_its_key_once_and_keeps_it_private(tmp_path: Path) -> None:
    environ = {**DATABASE, "COURSELLM_DATA": str(tmp_path)}
    first, second = Settings.from_env(environ), Settings.from_env(environ)
    assert first.secret_keys == second.secret_keys
    assert len(first.secret_keys[0]) >= 32
    assert (tmp_path / "secret_key").stat().st_mode & 0o077 == 0
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]


def test_secret_keys_are_listed_newest_first(tmp_path: Path) -> None:
    keys = ("n" * 32, "o" * 32)
    environ = {**DATABASE, "COURSELLM_DATA": str(tmp_path), "COURSELLM_SECRET_KEYS": ",".join(keys)}
    assert Settings.from_env(environ).secret_keys == keys


@pytest.mark.parametrize(
    ("url", "production"),
    [
        ("http://localhost:8000", False),
        ("http://127.0.0.1:8000/", False),
        ("https://tutor.example.edu", True),
    ],
)
def test_production_is_a_public_address(tmp_path: Path, url: str, production: bool) -> None:
    environ = {
        **DATABASE,
        "COURSELLM_DATA": str(tmp_path),
        "COURSELLM_URL": url,
        "COURSELLM_SECRET_KEYS": "k" * 32,
    }
    settings = Settings.from_env(environ)
    assert settings.is_production is production
    assert not settings.url.endswith("/")


def test_the_public_address_has_no_path(tmp_path: Path) -> None:
    environ = {**DATABASE, "COURSELLM_DATA": str(tmp_path)}
    with pytest.raises(BadSettings, match="without a path"):
        Settings.from_env({**environ, "COURSELLM_URL": "http://localhost:8000/tutor"})


def test_the_origin_is_what_browsers_send(tmp_path: Path) -> None:
    environ = {**DATABASE, "COURSELLM_DATA": str(tmp_path)}
    settings = Settings.from_env({**environ, "COURSELLM_URL": "http://LocalHost:80/"})
    assert settings.origin == "http://localhost"


def test_no_secret_is_shown_with_the_settings(tmp_path: Path) -> None:
    environ = {
        "DATABASE_URL": "postgresql://u:hidden-1@h/d",
        "COURSELLM_DATA": str(tmp_path),
        "COURSELLM_SECRET_KEYS": "hidden-2" + "k" * 32,
        "OPENAI_API_KEY": "hidden-3",
    }
    assert "hidden" not in repr(Settings.from_env(environ))


def test_the_database_address_gets_our_driver(tmp_path: Path) -> None:
    environ = {"DATABASE_URL": "postgres://u@h/d", "COURSELLM_DATA": str(tmp_path)}
    assert Settings.from_env(environ).database_url == "postgresql+psycopg://u@h/d"


@pytest.mark.parametrize(
    ("url", "is_fine"),
    [
        ("file:///srv/files", True),
        ("s3://bucket", True),
        ("s3://bucket/a/prefix/", True),
        ("s3:///prefix", False),
        ("s3://bucket?region=x", False),
        ("file://host/share", False),
        ("/srv/files", False),
        ("https://bucket.example", False),
    ],
)
def test_files_are_kept_in_a_folder_or_a_bucket(tmp_path: Path, url: str, is_fine: bool) -> None:
    environ = {**DATABASE, "COURSELLM_DATA": str(tmp_path), "COURSELLM_STORAGE_URL": url}
    if is_fine:
        assert Settings.from_env(environ).storage_url == url
    else:
        with pytest.raises(BadSettings, match="COURSELLM_STORAGE_URL"):
            Settings.from_env(environ)


def test_the_address_of_the_s3_server_is_read_as_other_tools_do(tmp_path: Path) -> None:
    environ = {**DATABASE, "COURSELLM_DATA": str(tmp_path)}
    assert Settings.from_env(environ).storage_endpoint is None
    environ["AWS_ENDPOINT_URL"] = "http://any:9000"
    assert Settings.from_env(environ).storage_endpoint == "http://any:9000"
    environ["AWS_ENDPOINT_URL_S3"] = "http://s3:9000"
    assert Settings.from_env(environ).storage_endpoint == "http://s3:9000"
