"""Writes the demo's data, or a crowd of any size, as a folder in the exchange format."""

import argparse
import random
from collections.abc import Sequence
from contextlib import closing
from datetime import date
from pathlib import Path

from demo.calendar import Plan, demo_today
from demo.crowd import write_crowd, write_houses
from demo.rows import Folder
from demo.story import houses, write_papers, write_people
from models.site import Site, load_site

LARGEST = 1_000_000


def write_demo(site: Site, folder: Path, today: date) -> None:
    """Write the demo of a site as it stands on `today`; the same site and day give the same bytes."""
    plan, rng = Plan(site, today), random.Random(site.slug)  # noqa: S311  # invented data, not a secret
    with closing(Folder(folder, today)) as out:
        both = houses(out, plan, rng)
        write_houses(out, plan, both, sum(house.flats for house in both), rng)
        write_people(out, plan)
        write_papers(out, plan, both)


def main(arguments: Sequence[str] | None = None) -> None:
    """`python -m demo.generate FOLDER --site NAME --customers N --months M`: a crowd, for tests of size."""
    parser = argparse.ArgumentParser(prog="python -m demo.generate", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--site", required=True)
    parser.add_argument("--customers", type=int, required=True, help=f"1 to {LARGEST}")
    parser.add_argument("--months", type=int, default=13, help="of history, 1 to 60")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--today", type=date.fromisoformat, help="default: a day inside the site's window")
    asked = parser.parse_args(arguments)
    if not 1 <= asked.customers <= LARGEST or not 1 <= asked.months <= 60:
        parser.error(f"expected 1 to {LARGEST} customers and 1 to 60 months")
    site = load_site(asked.site)
    today = asked.today or demo_today(site)
    with closing(Folder(asked.folder, today)) as out:
        write_crowd(out, Plan(site, today, asked.months), asked.customers, asked.seed)


if __name__ == "__main__":
    main()
