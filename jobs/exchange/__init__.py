"""Data in: a folder or ZIP of CSV and XLSX files, in the format of docs/integration.md."""

from jobs.exchange.load import ImportBusy, import_folder
from jobs.exchange.report import Problem, Report
from jobs.exchange.source import ExchangeError

__all__ = ["ExchangeError", "ImportBusy", "Problem", "Report", "import_folder"]
