"""The application, with a tally of the PDF children that it starts: each adds a byte to the file that TALLY names."""

import os
import sys

from flask import Flask

import app
from views import pdf

COUNT = """import os, sys
tally = os.open(sys.argv[1], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
os.write(tally, b".")
os.execv(sys.executable, [sys.executable, "-m", "views.pdf_child", *sys.argv[2:]])"""


def create_app() -> Flask:
    pdf.CHILD = (sys.executable, "-c", COUNT, os.environ["TALLY"])
    return app.create_app()
