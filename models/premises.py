"""Houses, entrances and premises: where things stand. Who may stand there is `tenures`."""

from sqlmodel import Field, SQLModel

from models.types import new_public_id


class House(SQLModel, table=True):
    """A building."""

    id: int | None = Field(default=None, primary_key=True)
    external_id: str = Field(unique=True, max_length=64)
    address: str = Field(max_length=200)  # "Latgales iela 12"
    town: str = Field(max_length=100)
    postcode: str = Field(default="", max_length=16)


class Entrance(SQLModel, table=True):
    """A stairwell of a house; notices and outages are addressed by it."""

    id: int | None = Field(default=None, primary_key=True)
    external_id: str = Field(unique=True, max_length=64)
    house_id: int = Field(foreign_key="house.id", index=True)
    name: str = Field(max_length=32)


class Premises(SQLModel, table=True):
    """A flat or other space that has its own invoice; `public_id` stands in URLs."""

    id: int | None = Field(default=None, primary_key=True)
    public_id: str = Field(default_factory=new_public_id, unique=True, max_length=16)
    external_id: str = Field(unique=True, max_length=64)
    house_id: int = Field(foreign_key="house.id", index=True)
    entrance_id: int | None = Field(default=None, foreign_key="entrance.id", index=True)
    flat: str = Field(default="", max_length=32)
    address: str = Field(max_length=240)  # in full, ready to show: "Latgales iela 12–34, Ludza"
    area: int | None = None  # thousandths of m²
