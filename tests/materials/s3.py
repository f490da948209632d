"""A real S3 server on loopback for the tests (moto's), with a client of its own to look into it."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping

import boto3
import requests

from scripts.probes import free_port

KEYS = {
    "AWS_ACCESS_KEY_ID": "test-access-key",
    "AWS_SECRET_ACCESS_KEY": "test-secret-key",
    "AWS_REGION": "eu-central-1",
    "AWS_DEFAULT_REGION": "eu-central-1",
}
START_SECONDS = 60


class S3Server:
    """Started with the keys' rights unchecked; `refuse_everybody` checks them from then on."""

    def __init__(self) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self._process = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
            env={**os.environ, **KEYS},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._wait()
        self.client = boto3.client(
            "s3",
            endpoint_url=self.url,
            aws_access_key_id=KEYS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=KEYS["AWS_SECRET_ACCESS_KEY"],
            region_name=KEYS["AWS_REGION"],
        )

    def _wait(self) -> None:
        end = time.monotonic() + START_SECONDS
        while True:
            try:
                requests.get(f"{self.url}/moto-api/", timeout=10)
                return
            except requests.ConnectionError:
                assert self._process.poll() is None and time.monotonic() < end
                time.sleep(0.05)

    def make_bucket(self, name: str) -> None:
        where = {"LocationConstraint": KEYS["AWS_REGION"]}
        self.client.create_bucket(Bucket=name, CreateBucketConfiguration=where)

    def objects(self, bucket: str) -> Mapping[str, int]:
        """Keys and sizes of all objects."""
        found = self.client.list_objects_v2(Bucket=bucket).get("Contents", [])
        return {one["Key"]: one["Size"] for one in found}

    def unfinished(self, bucket: str) -> int:
        """Uploads in parts that nobody ended."""
        return len(self.client.list_multipart_uploads(Bucket=bucket).get("Uploads", []))

    def refuse_everybody(self, after: int = 0) -> None:
        """No key has a right any more, after so many further requests; `math.inf` ends that."""
        requests.post(f"{self.url}/moto-api/reset-auth", data=str(after), timeout=60)

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()
