"""How an LMS comes to be known: invitations, dynamic registration, by hand."""
