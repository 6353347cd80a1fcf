"""Files in S3-compatible storage, under the same names as in a folder. Only imported where a site uses it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import BinaryIO

from obstore.exceptions import BaseError
from obstore.store import S3Store

from models.files import FRESH, FileMissing, StorageAway, named, path_of
from models.settings import Settings
from models.types import utc_now


class S3Storage:
    """A storage in a bucket. Certificates are verified; a server that is away is noticed within seconds."""

    def __init__(self, settings: Settings) -> None:
        """The bucket that `settings.storage` names. Nothing is connected yet."""
        bucket, _, prefix = settings.storage.removeprefix("s3://").partition("/")
        endpoint = settings.s3_endpoint or f"https://s3.{settings.s3_region}.amazonaws.com"
        self._store = S3Store(
            bucket, prefix=prefix or None, region=settings.s3_region, access_key_id=settings.s3_key_id,
            secret_access_key=settings.s3_secret, aws_endpoint_url_s3=endpoint,
            client_options={"allow_http": endpoint.startswith("http://"), "connect_timeout": "3s", "timeout": "30s"},
            retry_config={"max_retries": 2, "retry_timeout": timedelta(seconds=10)},
        )  # fmt: skip

    def put(self, data: bytes | BinaryIO, limit: int | None = None) -> str:
        """As `Storage.put`."""
        name, file = named(data, limit)
        with _asked(name, StorageAway):  # where nothing can be missing but the bucket
            if self._date(name) < utc_now() - FRESH:
                self._store.put(path_of(name), file)
        return name

    def open(self, name: str) -> bytes:
        """As `Storage.open`."""
        with _asked(name):
            return bytes(self._store.get(path_of(name)).bytes())

    def size(self, name: str) -> int:
        """As `Storage.size`."""
        with _asked(name):
            return self._store.head(path_of(name))["size"]

    def exists(self, name: str) -> bool:
        """As `Storage.exists`."""
        try:
            return self.size(name) >= 0
        except FileMissing:
            return False

    def names(self) -> Iterator[tuple[str, datetime]]:
        """As `Storage.names`."""
        with _asked(""):
            for page in self._store.list():
                yield from ((one["path"].replace("/", ""), one["last_modified"]) for one in page)

    def remove(self, name: str, before: datetime) -> bool:
        """As `Storage.remove`. The date is looked at just before: S3 has no lock, and its deletion no condition."""
        with _asked(name):
            if self._store.head(path_of(name))["last_modified"] >= before:
                return False
            self._store.delete(path_of(name))
            return True

    def _date(self, name: str) -> datetime:
        """When it was put; long ago where it was not."""
        try:
            return self._store.head(path_of(name))["last_modified"]
        except FileNotFoundError:
            return datetime.min.replace(tzinfo=utc_now().tzinfo)


@contextmanager
def _asked(name: str, missing: type[Exception] = FileMissing) -> Iterator[None]:
    """The errors of the server as those of a storage."""
    try:
        yield
    except FileNotFoundError:
        raise missing(name) from None
    except BaseError as error:
        raise StorageAway(type(error).__name__) from error
