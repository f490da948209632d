"""Browsers that launch, and the platform behind them: as cheap as can be, since they share the
cores with what is measured.

A launch is two requests on one connection, as a browser makes them: the platform's login request,
then the id_token that answers it, signed on the way.
"""

import asyncio
import json
import random
import re
import time
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from demo_lms import Platform, oidc
from demo_lms.links import FIRST_LINK, get
from demo_lms.persons import Person
from demo_lms.tokens import launch_claims

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_COOKIE = re.compile(rb"\r\nset-cookie: *([^;\r]+)", re.IGNORECASE)
_STATE = re.compile(rb"\bstate=([\w.-]+)")
_NONCE = re.compile(rb"\bnonce=([\w.-]+)")


@dataclass(frozen=True)
class Student:
    """One person at the platform, with the login request and the claims of each launch."""

    login: bytes
    claims: dict[str, Any]


class Signer:
    """The platform's key, without a library's detours."""

    def __init__(self, platform: Platform) -> None:
        key = serialization.load_pem_private_key(platform.key.as_pem(private=True), None)
        assert isinstance(key, RSAPrivateKey)
        self._key = key
        self._header = _base64(json.dumps({"alg": "RS256", "kid": platform.key.kid}).encode())

    def sign(self, claims: dict[str, Any]) -> bytes:
        moment = int(time.time())
        dated = claims | {"iat": moment, "exp": moment + 300}
        signed = self._header + b"." + _base64(json.dumps(dated).encode())
        return signed + b"." + _base64(self._key.sign(signed, PKCS1v15(), hashes.SHA256()))


def student(platform: Platform, person: Person) -> Student:
    link = get(platform.store, FIRST_LINK)
    login = urlencode(oidc.login_request(platform, person, link).fields).encode()
    return Student(login, launch_claims(platform, person, link, nonce=""))


@dataclass(frozen=True)
class Round:
    """Launches to one tool: how long each took, login and launch together, and all of them."""

    milliseconds: Sequence[float]
    seconds: float
    failures: int

    @property
    def rate(self) -> float:
        return len(self.milliseconds) / self.seconds


def at_once(
    platform: Platform, port: int, students: Sequence[Student], *, browsers: int, count: int
) -> Round:
    """So many launches by so many browsers, each one after the other."""
    waiting = iter([students[number % len(students)] for number in range(count)])

    async def browse(visit: "_Visit") -> None:
        for one in waiting:
            await visit.launch(one)

    async def all_of_them(visit: "_Visit") -> None:
        await asyncio.gather(*(browse(visit) for _ in range(browsers)))

    return _run(platform, port, all_of_them)


def arriving(
    platform: Platform, port: int, students: Sequence[Student], *, within_seconds: float
) -> Round:
    """Each student launches once, at a moment of chance within the time, whoever else waits."""

    async def come(visit: "_Visit", one: Student) -> None:
        await asyncio.sleep(random.uniform(0, within_seconds))
        await visit.launch(one)

    async def all_of_them(visit: "_Visit") -> None:
        await asyncio.gather(*(come(visit, one) for one in students))

    return _run(platform, port, all_of_them)


class _Visit:
    """What the browsers of one round have seen."""

    def __init__(self, port: int, signer: Signer) -> None:
        self._port, self._signer = port, signer
        self.milliseconds: list[float] = []
        self.failures = 0

    async def launch(self, one: Student) -> None:
        began = time.perf_counter()
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
            status, page = await self._post(reader, writer, b"/lti/login", one.login, b"")
            assert status in (b"200", b"302"), page
            state, nonce = _found(_STATE, page), _found(_NONCE, page)
            signing = time.perf_counter()
            token = self._signer.sign(one.claims | {"nonce": nonce.decode()})
            began += time.perf_counter() - signing  # that is the platform's time
            cookies = b"; ".join(_COOKIE.findall(page))
            body = b"state=" + state + b"&id_token=" + token
            status, page = await self._post(reader, writer, b"/lti/launch", body, cookies)
            assert status in (b"200", b"303"), page
            writer.close()
        except (AssertionError, OSError, asyncio.IncompleteReadError) as error:
            self.failures += 1
            print("a launch failed:", repr(error)[:2000])
        self.milliseconds.append((time.perf_counter() - began) * 1000)

    async def _post(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        path: bytes,
        body: bytes,
        cookies: bytes,
    ) -> tuple[bytes, bytes]:
        """Status, and headers with body, of a form's answer."""
        head = (
            b"POST %b HTTP/1.1\r\nHost: localhost:%d\r\nContent-Length: %d\r\nCookie: %b\r\n"
            b"Content-Type: application/x-www-form-urlencoded\r\n\r\n"
        )
        writer.write(head % (path, self._port, len(body), cookies) + body)
        answer = await reader.readuntil(b"\r\n\r\n")
        answer += await reader.readexactly(int(_found(_LENGTH, answer)))
        return answer[9:12], answer


def _run(platform: Platform, port: int, launches: Any) -> Round:
    async def run() -> Round:
        visit = _Visit(port, Signer(platform))
        began = time.perf_counter()
        await launches(visit)
        seconds = time.perf_counter() - began
        return Round(visit.milliseconds, seconds, visit.failures)

    return asyncio.run(run())


def _found(pattern: re.Pattern[bytes], text: bytes) -> bytes:
    found = pattern.search(text)
    assert found, text
    return found[1]


def _base64(raw: bytes) -> bytes:
    return urlsafe_b64encode(raw).rstrip(b"=")
