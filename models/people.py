"""Users: the people who log in. Which customers they are stands in `customers.CustomerUser`."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from models.types import Role, choice, utc_now


class User(SQLModel, table=True):
    """A person who can log in. `username` and `email` are stored folded (see `fold`), both unique."""

    __tablename__ = "user_account"

    id: int | None = Field(default=None, primary_key=True)
    external_id: str | None = Field(default=None, unique=True, max_length=64)
    username: str = Field(unique=True, max_length=100)
    email: str | None = Field(default=None, unique=True, max_length=254)
    name: str = Field(max_length=200)
    password_hash: str | None = Field(default=None, max_length=200)
    language: str | None = Field(default=None, max_length=2)
    theme: str | None = Field(default=None, max_length=5)  # "light" or "dark"; None: as the device has it
    role: Role = choice(Role, default=Role.RESIDENT)
    disabled_at: datetime | None = None
    created_at: datetime = Field(default_factory=utc_now)
