"""Users: the people who log in. Which customers they are stands in `customers.CustomerUser`."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, col

from models.types import Numbered, Role, choice, utc_now


class User(Numbered, table=True):
    """A person who can log in. `username` and `email` are stored folded (see `fold`), both unique."""

    __tablename__ = "user_account"

    external_id: str | None = Field(default=None, unique=True, max_length=64)
    username: str = Field(unique=True, max_length=254)  # one with @ is her own e-mail address
    email: str | None = Field(default=None, unique=True, max_length=254)
    email_wanted: str | None = Field(default=None, index=True, max_length=254)  # takes its place when it is confirmed
    phone: str | None = Field(default=None, index=True, max_length=16)  # as +37120000000
    name: str = Field(max_length=200)
    password_hash: str | None = Field(default=None, max_length=200)
    # Somebody else made the password: it is changed before anything else.
    password_issued: bool = Field(default=False, sa_column_kwargs={"server_default": sa.false()})
    # Of the terms of use that she accepted last; 0: she has never been here.
    terms_version: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    invited_at: datetime | None = None
    language: str | None = Field(default=None, max_length=2)
    theme: str | None = Field(default=None, max_length=5)  # "light" or "dark"; None: as the device has it
    role: Role = choice(Role, default=Role.RESIDENT, index=True)  # of the few who are staff
    disabled_at: datetime | None = None
    closed_at: datetime | None = None  # by herself: nothing personal is left
    created_at: datetime = Field(default_factory=utc_now)


# Who signs in by this user name or address, as it is stored.
BY_LOGIN = sa.select(User).where(
    sa.or_(col(User.username) == sa.bindparam("login"), col(User.email) == sa.bindparam("login"))
)
