"""`evalkit simulate`: the stand-in gateway as a server of its own."""

from __future__ import annotations

import click


@click.command("simulate")
@click.option("--port", type=click.IntRange(0, 65535), default=8765, show_default=True, help="0 picks a free one.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of all answers.")
@click.option("--latency-scale", type=click.FloatRange(min=0), default=1.0, show_default=True, help="0: at once.")
@click.option("--fault-rate", type=click.FloatRange(0, 1), default=0.0, show_default=True, help="Of 429s and 5xxs.")
@click.option("--responses-form", type=click.Choice(["string", "list", "chat"]), default="string", show_default=True)
def command(port: int, seed: int, latency_scale: float, fault_rate: float, responses_form: str) -> int:
    """Serves the stand-in gateway.

    Prints its base URL and serves until it is stopped; any key that begins with sk- is accepted. A suite reaches it
    with --base-url, or by GPTPROTO_API_BASE. Only `run --offline` hands it the expected answers; asked otherwise, it
    answers in prose that no suite's checks fit, and the run does not know that no model answered.
    """
    from evalkit.simulator.__main__ import main

    return main(
        [
            f"--port={port}",
            f"--seed={seed}",
            f"--latency-scale={latency_scale}",
            f"--fault-rate={fault_rate}",
            f"--responses-form={responses_form}",
        ]
    )
