"""What `make` calls: set-up, the embedded components and the supervisor that runs them together."""
