"""The commands and the worker: what runs beside the server."""

from click import Command, Context
from flask import Flask
from flask.cli import AppGroup


class Commands(AppGroup):
    """The commands of one application, imported when the first is asked for: a server never asks."""

    def __init__(self, app: Flask) -> None:
        """Knows none yet."""
        super().__init__(app.name)
        self.app = app

    def list_commands(self, ctx: Context) -> list[str]:
        """Their names."""
        self._fill()
        return super().list_commands(ctx)

    def get_command(self, ctx: Context, cmd_name: str) -> Command | None:
        """One of them."""
        self._fill()
        return super().get_command(ctx, cmd_name)

    def _fill(self) -> None:
        if not self.commands:
            from jobs.commands import groups  # here, because it imports all of them

            self.commands.update({str(group.name): group for group in groups(self.app)})
