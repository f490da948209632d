"""A platform's key set, served by a process of its own, over http and over https.

LTI allows no key set without TLS (Security Framework 1.0, section 3). Plain http leaves out what
TLS costs whoever asks: the handshake, and reading the system's list of authorities before it.
"""

import asyncio
import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from multiprocessing import get_context
from pathlib import Path
from time import sleep

import certifi
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from demo_lms import Platform
from demo_lms.keys import public_key_set
from scripts.probes import LOOPBACK, free_port, is_free


@dataclass(frozen=True)
class KeySets:
    """Where the key set is, and the authorities to trust: the usual ones and our own."""

    plain_url: str
    secure_url: str
    authorities: Path


@contextmanager
def serve(platform: Platform, folder: Path) -> Iterator[KeySets]:
    """The key set at the platform's own address and, over https, at another."""
    certificate, authorities = folder / "certificate.pem", folder / "authorities.pem"
    own = _make_certificate(certificate)
    authorities.write_text(Path(certifi.where()).read_text() + own)
    plain, secure = platform.settings.port, free_port()
    body = json.dumps(public_key_set(platform.key)).encode()
    arguments = (body, plain, secure, str(certificate))
    server = get_context("spawn").Process(target=_run, args=arguments, daemon=True)
    server.start()
    while is_free(secure):
        assert server.is_alive()
        sleep(0.1)
    try:
        yield KeySets(platform.settings.jwks_url, f"https://{LOOPBACK}:{secure}/jwks", authorities)
    finally:
        server.terminate()
        server.join()


def _run(body: bytes, plain: int, secure: int, certificate: str) -> None:
    asyncio.run(_serve(body, plain, secure, certificate))


async def _serve(body: bytes, plain: int, secure: int, certificate: str) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    reply = head % len(body) + body

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(reply)
        writer.close()

    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    await asyncio.start_server(answer, LOOPBACK, plain)
    server = await asyncio.start_server(answer, LOOPBACK, secure, ssl=tls)
    await server.serve_forever()


def _make_certificate(path: Path) -> str:
    """Write a key and its own certificate; returns the certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Measured platform")])
    moment = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(moment - timedelta(days=1))
        .not_valid_after(moment + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address(LOOPBACK))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    public = certificate.public_bytes(serialization.Encoding.PEM).decode()
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
    path.write_text(private + public)
    return public
