"""Writes the demo's data, or a crowd of any size, as a folder in the exchange format."""

import argparse
import random
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import date
from pathlib import Path

from demo import story
from demo.calendar import Plan, demo_today
from demo.houses import FIRST, FLATS, House, write_houses
from demo.rows import Folder
from demo.town import STREETS
from models.site import Site, load_site

LARGEST = 1_000_000
_PATTERNS = 199  # a prime, so that no two houses of a crowd are alike


def write_demo(site: Site, folder: Path, today: date) -> None:
    """Write the demo of a site as it stands on `today`; the same site and day give the same bytes."""
    plan, rng = Plan(site, today), random.Random(site.slug)  # noqa: S311  # invented data, not a secret
    with closing(Folder(folder, today)) as out:
        both = story.houses(out, plan, rng)
        write_houses(out, plan, both, sum(house.flats for house in both), rng)
        story.write_people(out, plan)
        story.write_papers(out, plan, both)
        story.write_notices(out, plan)


def _crowd(customers: int) -> Iterator[House]:
    for number, done in enumerate(range(0, customers, FLATS)):
        address = f"{STREETS[number % len(STREETS)]} {number // len(STREETS) + 1}"
        yield House(number + 1, address, FIRST + done, min(FLATS, customers - done))


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
    plan = Plan(site, asked.today or demo_today(site), asked.months)
    rng = random.Random(f"{site.slug} {asked.seed}")  # noqa: S311  # invented data, not a secret
    with closing(Folder(asked.folder, plan.today)) as out:
        write_houses(out, plan, _crowd(asked.customers), min(asked.customers, _PATTERNS), rng)


if __name__ == "__main__":
    main()
