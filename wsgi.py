"""Where a WSGI server finds the application."""

from app import create_app

application = create_app()
