"""The LMS that answers whatever a test wants."""

from tests.lti_config.conftest import http, peer

__all__ = ["http", "peer"]
