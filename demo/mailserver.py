"""The demo's mail server: it keeps every letter as a file and delivers none."""

import argparse
import asyncio
import signal
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP

from models.types import utc_now


class Keeper:
    """Stores letters in a folder, named so that their order is that of their arrival."""

    def __init__(self, folder: Path) -> None:
        """The folder is made where it is missing."""
        self.folder, self.count = folder, 0
        folder.mkdir(parents=True, exist_ok=True)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # the name that aiosmtpd asks for
        """Take a letter in."""
        self.count += 1
        name = f"{utc_now():%Y%m%d-%H%M%S}-{self.count:04d}"
        part = self.folder / f".{name}"
        part.write_bytes(envelope.content)
        part.rename(self.folder / f"{name}.eml")
        return "250 Kept"


async def serve(folder: Path, port: int) -> None:
    """Listen at 127.0.0.1 until SIGTERM."""
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    keeper = Keeper(folder)
    async with await loop.create_server(lambda: SMTP(keeper, enable_SMTPUTF8=True), "127.0.0.1", port):
        await ended.wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    asked = parser.parse_args()
    asyncio.run(serve(asked.folder, asked.port))
