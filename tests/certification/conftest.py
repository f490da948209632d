"""The platforms and the browser of the launch tests."""

from tests.launch.conftest import browser, platform, registration, served

__all__ = ["browser", "platform", "registration", "served"]
