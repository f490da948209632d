"""Where the demo LMS runs and which tool it knows; anything but loopback is refused here."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from demo_lms import vocabulary as lti

SHARED_CLAIMS = ("name", "given_name", "family_name", "email")


class SettingsRefused(ValueError):
    """The demo LMS must not start like this; the message says why in one line."""


@dataclass(frozen=True)
class Settings:
    """One platform with one tool, one deployment and one course.

    `tool_url` is the tool's public address (COURSELLM_URL). Life times are in seconds.
    Raises SettingsRefused unless both the LMS and the tool are on loopback: everybody may be
    anybody here, so no other machine may ever reach it.
    """

    folder: Path
    host: str = "127.0.0.1"
    port: int = 8001
    tool_url: str = "http://localhost:8000"
    client_id: str = "coursellm-demo"
    deployment_id: str = "demo-1"
    context_id: str = "demo-course"
    context_label: str = "PY101"
    context_title: str = "Python basics"
    context_history: str = ""
    """Ids of the contexts that this one was copied from."""
    id_token_lifetime: int = 300
    access_token_lifetime: int = 3600
    tool_scopes: tuple[str, ...] = lti.SCOPES
    tool_claims: tuple[str, ...] = SHARED_CLAIMS
    tool_custom: tuple[tuple[str, str], ...] = ()
    """Custom parameters of every launch, as (name, value)."""

    def __post_init__(self) -> None:
        if not is_loopback(self.host):
            raise SettingsRefused(
                f"The demo LMS runs on loopback only: DEMO_LMS_HOST is {self.host!r}, "
                "use 127.0.0.1."
            )
        if not is_loopback(urlsplit(self.tool_url).hostname):
            raise SettingsRefused(
                f"The demo LMS does not run in production: COURSELLM_URL is {self.tool_url!r}, "
                "not a loopback address."
            )

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> Settings:
        """Read DEMO_LMS_HOST, DEMO_LMS_PORT, COURSELLM_DATA and COURSELLM_URL.

        Raises SettingsRefused.
        """
        return cls(
            folder=Path(env.get("COURSELLM_DATA") or "var") / "demo_lms",
            host=env.get("DEMO_LMS_HOST") or "127.0.0.1",
            port=_port(env.get("DEMO_LMS_PORT") or "8001"),
            tool_custom=(("context_history", "$Context.id.history"),),
            tool_url=(env.get("COURSELLM_URL") or "http://localhost:8000").rstrip("/"),
        )

    @property
    def netloc(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @property
    def issuer(self) -> str:
        return f"http://{self.netloc}"

    @property
    def authorization_url(self) -> str:
        return f"{self.issuer}/auth"

    @property
    def token_url(self) -> str:
        return f"{self.issuer}/token"

    @property
    def jwks_url(self) -> str:
        return f"{self.issuer}/jwks"

    @property
    def tool_origin(self) -> str:
        parts = urlsplit(self.tool_url)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def tool_login_url(self) -> str:
        return f"{self.tool_url}/lti/login"

    @property
    def tool_launch_url(self) -> str:
        """The one registered redirect_uri, and the target of links without an address."""
        return f"{self.tool_url}/lti/launch"

    @property
    def tool_jwks_url(self) -> str:
        return f"{self.tool_url}/lti/jwks"


def is_loopback(host: str | None) -> bool:
    """True for localhost and the loopback addresses of IPv4 and IPv6, no name is looked up."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65536:
        raise SettingsRefused(f"DEMO_LMS_PORT is {text!r}, it must be a number from 1 to 65535.")
    return int(text)
