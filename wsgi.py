"""Where a WSGI server finds the application, and where its log begins."""

import logging

from app import create_app

# To standard error, where a supervisor or container collects it; others' libraries only in trouble.
logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s")
logging.getLogger("coursellm").setLevel(logging.INFO)

application = create_app()
