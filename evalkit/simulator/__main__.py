"""`python -m evalkit.simulator`: the stand-in gateway as a process of its own."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from typing import get_args

from evalkit.simulator.app import Settings
from evalkit.simulator.bodies import ResponsesForm
from evalkit.simulator.server import HOST, serve


def main(arguments: Sequence[str] | None = None) -> int:
    """Serves until stopped; 2 where the port is taken."""
    options = _parser().parse_args(arguments)
    settings = Settings(
        seed=options.seed,
        latency_scale=options.latency_scale,
        fault_rate=options.fault_rate,
        responses_form=options.responses_form,
    )
    try:
        serve(settings, port=options.port, parent_pipe=options.parent_pipe)
    except OSError as error:
        sys.stderr.write(f"cannot listen on {HOST}:{options.port}: {error.strerror}; choose another --port\n")
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m evalkit.simulator",
        description="A stand-in for the gateway, on loopback. Prints its base URL when ready.",
    )
    parser.add_argument("--port", type=_port, default=0, help="0 is any free port")
    parser.add_argument("--seed", type=int, default=0, help="another seed, other answers")
    parser.add_argument("--latency-scale", type=_scale, default=1.0, help="1 is as slow as the models, 0 does not wait")
    parser.add_argument("--fault-rate", type=_share, default=0.0, help="share of requests that get 429, 500 or 503")
    parser.add_argument("--responses-form", choices=get_args(ResponsesForm), default="string", help="of /v1/responses")
    parser.add_argument("--parent-pipe", action="store_true", help="end when stdin ends")
    return parser


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 65535")
    return port


def _scale(text: str) -> float:
    scale = float(text)
    if not (math.isfinite(scale) and scale >= 0):
        raise argparse.ArgumentTypeError(f"{text} is not 0 or more")
    return scale


def _share(text: str) -> float:
    share = float(text)
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 1")
    return share


if __name__ == "__main__":
    sys.exit(main())
