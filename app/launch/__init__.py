"""The front door: login, launch, key set."""
