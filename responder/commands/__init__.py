"""One module a command: arguments in, text or JSON out, an exit status back. What they do lies in the services."""
