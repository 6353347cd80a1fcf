"""Houses, entrances and premises: where things stand. Who may stand there is `tenures`."""

from sqlmodel import Field

from models.types import Addressed, Imported


class House(Imported, table=True):
    """A building."""

    address: str = Field(max_length=200, index=True)  # "Latgales iela 12"
    town: str = Field(max_length=100)
    postcode: str = Field(default="", max_length=16)


class Entrance(Imported, table=True):
    """A stairwell of a house; notices and outages are addressed by it."""

    house_id: int = Field(foreign_key="house.id", index=True)
    name: str = Field(max_length=32)


class Premises(Imported, Addressed, table=True):
    """A flat or other space that has its own invoice; `public_id` stands in URLs."""

    house_id: int = Field(foreign_key="house.id", index=True)
    entrance_id: int | None = Field(default=None, foreign_key="entrance.id", index=True)
    flat: str = Field(default="", max_length=32)
    address: str = Field(max_length=240, index=True)  # in full, ready to show: "Latgales iela 12–34, Ludza"
    area: int | None = None  # thousandths of m²
    folded: str = Field(default="", sa_column_kwargs={"server_default": ""})  # the address as staff search it
