"""Files in S3-compatible storage, under the same paths as in a folder. Only imported where a site uses it."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import BinaryIO

from obstore.exceptions import BaseError
from obstore.store import S3Store

from models.files import Storage
from models.settings import Settings


class S3Storage(Storage):
    """A storage in a bucket. Certificates are verified; a server that is away is noticed within seconds."""

    _errors = (BaseError,)

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

    def _stat(self, path: str) -> tuple[int, datetime]:
        found = self._store.head(path)
        return found["size"], found["last_modified"]

    def _read(self, path: str) -> bytes:
        return bytes(self._store.get(path).bytes())

    def _write(self, path: str, data: BinaryIO) -> None:
        self._store.put(path, data)

    def _list(self) -> Iterator[tuple[str, datetime]]:
        for page in self._store.list():
            yield from ((one["path"], one["last_modified"]) for one in page)

    def _remove(self, path: str, before: datetime) -> bool:
        """S3 has no lock and its deletion no condition: the date is looked at just before."""
        if self._stat(path)[1] >= before:
            return False
        self._store.delete(path)
        return True
