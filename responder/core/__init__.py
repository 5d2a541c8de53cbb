"""The pure floor: bytes to message, message to findings, findings to disposition. No files, sockets, clock, logging."""
