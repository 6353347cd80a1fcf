"""Which storage an instance has: a folder, or a bucket of S3-compatible storage."""

from models.files import FRESH, FolderStorage, Storage
from models.settings import Settings
from models.types import utc_now


def storage_of(settings: Settings) -> Storage:
    """The storage that the settings name. Nothing is connected yet."""
    if not settings.storage:
        return FolderStorage(settings.files_dir)
    from models.s3 import S3Storage  # here, because its library costs memory and time where it is not used

    return S3Storage(settings)


def storage_problems(storage: Storage) -> list[str]:
    """What `flask check --deploy` says of a storage: that it takes no file, does not give it back, or keeps it."""
    try:
        name = storage.put(b"e-cabinet: can files be stored?")
        back = storage.open(name)
        storage.remove(name, before=utc_now() + FRESH)
    except (OSError, LookupError) as error:
        return [f"storage: cannot be used ({error.args[-1] if error.args else type(error).__name__})"]
    return [] if back.startswith(b"e-cabinet") else ["storage: gives back other bytes than it was given"]
