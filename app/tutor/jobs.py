"""What the queue calls for this room."""

import procrastinate

blueprint = procrastinate.Blueprint()
