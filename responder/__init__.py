"""The auto-responder for the shared mailboxes of community programs."""

__version__ = "0.1.0"
