"""What a bearer token may be allowed. Imports nothing: the command line reads it before anything else is loaded."""

SCOPES = ("tickets:read", "tickets:write", "escalations:acknowledge", "figures:read", "directory:read", "admin")
