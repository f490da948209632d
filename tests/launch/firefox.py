"""Firefox, as it is installed, driven by its own remote protocol (Marionette): no driver is needed.

https://firefox-source-docs.mozilla.org/testing/marionette/Protocol.html
"""

import json
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import Any, Self

from scripts.probes import free_port

PROGRAM = shutil.which("firefox-esr") or shutil.which("firefox")
SECONDS = 60
OPTIONS = ["--headless", "--no-remote", "--marionette", "--remote-allow-system-access"]


class Firefox:
    """One window of a fresh profile with these preferences."""

    def __init__(self, folder: Path, preferences: dict[str, Any]) -> None:
        self._profile = folder / "firefox"
        self._profile.mkdir(parents=True)
        self._port = free_port()
        quiet = {
            "marionette.port": self._port,
            "app.update.auto": False,
            "browser.shell.checkDefaultBrowser": False,
            "datareporting.policy.dataSubmissionEnabled": False,
            "dom.disable_open_during_load": False,
            "network.captive-portal-service.enabled": False,
            "network.connectivity-service.enabled": False,
            "network.proxy.type": 0,
            "toolkit.telemetry.enabled": False,
        }
        lines = [
            f"user_pref({json.dumps(name)}, {json.dumps(value)});"
            for name, value in {**quiet, **preferences}.items()
        ]
        (self._profile / "user.js").write_text("\n".join(lines))
        self._number = 0

    def __enter__(self) -> Self:
        assert PROGRAM
        self._process = subprocess.Popen(
            [PROGRAM, *OPTIONS, "--profile", self._profile],
            env={**os.environ, "HOME": str(self._profile), "MOZ_HEADLESS_WIDTH": "1280"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._connect()
        self("WebDriver:NewSession", capabilities={"alwaysMatch": {"acceptInsecureCerts": True}})
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()
        self._process.terminate()
        self._process.wait(SECONDS)

    def __call__(self, command: str, **parameters: Any) -> Any:
        """Send a command; its result. Raises RuntimeError for what Firefox calls an error."""
        self._number += 1
        text = json.dumps([0, self._number, command, parameters]).encode()
        self._socket.sendall(str(len(text)).encode() + b":" + text)
        _, _, error, result = self._read()
        if error:
            raise RuntimeError(f"{error['error']}: {error['message']}")
        return result.get("value", result) if isinstance(result, dict) else result

    def go(self, address: str) -> None:
        self("WebDriver:Navigate", url=address)

    def enter_frame(self, name: str) -> None:
        """Back to the top, then into the frame of this name, as it is now."""
        self("WebDriver:SwitchToFrame", id=None)
        found = self("WebDriver:FindElement", using="css selector", value=f"iframe[name={name}]")
        self("WebDriver:SwitchToFrame", element=next(iter(found.values())))

    def text(self) -> str:
        """What can be read in the frame or page at hand; nothing in one that is just going."""
        script = "return document.body.innerText"
        words: str | None = self("WebDriver:ExecuteScript", script=script, args=[])
        return words or ""

    def click(self, words: str) -> None:
        """The link or button with these words."""
        path = f"//*[self::a or self::button][normalize-space()='{words}']"
        found = self("WebDriver:FindElements", using="xpath", value=path)
        shown = [next(iter(one.values())) for one in found]
        for element in shown:
            if self("WebDriver:IsElementDisplayed", id=element):
                return self("WebDriver:ElementClick", id=element)
        raise AssertionError(f"{words!r} is not there: {self.text()}")

    def forbid_storage(self, origin: str) -> None:
        """What a person does under "Manage exceptions": this site may keep nothing."""
        script = """
          const { scriptSecurityManager: security } = Services;
          const site = security.createContentPrincipalFromOrigin(arguments[0]);
          Services.perms.addFromPrincipal(site, "cookie", Services.perms.DENY_ACTION);
        """
        self("Marionette:SetContext", value="chrome")
        self("WebDriver:ExecuteScript", script=script, args=[origin])
        self("Marionette:SetContext", value="content")

    def windows(self) -> list[str]:
        found: list[str] = self("WebDriver:GetWindowHandles")
        return found

    def switch_to(self, window: str) -> None:
        self("WebDriver:SwitchToWindow", handle=window)

    def _connect(self) -> None:
        deadline = time.monotonic() + SECONDS
        while True:
            try:
                self._socket = socket.create_connection(("127.0.0.1", self._port), SECONDS)
                break
            except OSError:
                assert self._process.poll() is None and time.monotonic() < deadline
                time.sleep(0.1)
        self._read()

    def _read(self) -> Any:
        length = b""
        while (byte := self._socket.recv(1)) != b":":
            assert byte, "Firefox closed the connection"
            length += byte
        body = b""
        while len(body) < int(length):
            body += self._socket.recv(int(length) - len(body))
        return json.loads(body)
