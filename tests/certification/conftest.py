"""The platforms and the browser of the launch tests, and a server that answers as it is told."""

from tests.gradebook.conftest import server
from tests.launch.conftest import browser, platform, registration, served

__all__ = ["browser", "platform", "registration", "served", "server"]
