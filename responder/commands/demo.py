"""`responder demo`."""

import argparse
import logging
import sys

from responder.core.errors import ResponderError


def run(args: argparse.Namespace) -> int:
    """See it work; 0 when every sample mail was decided and answered."""
    try:
        from rich.console import Console  # noqa: PLC0415 - heavy, and only this command's

        from responder.demo.play import play  # noqa: PLC0415 - needs the extra
    except ModuleNotFoundError as error:
        raise ResponderError(
            f"the demo needs {error.name}: pip install 'program-responder[demo]', or make demo"
        ) from None
    logging.getLogger().setLevel(logging.ERROR)
    return play(args.keep, Console(file=sys.stdout))
