"""Pictures of records: found, checked, and made ready for a message, byte for byte."""

import base64
import binascii
import dataclasses
import hashlib
import os
import pathlib
import tempfile

from annotate.records import BadRecord

# What OpenAI's own endpoint takes at most.
MAX_BYTES = 20 * 1024 * 1024

_KINDS = {  # media type: how its files begin
    "image/png": lambda head: head.startswith(b"\x89PNG\r\n\x1a\n"),
    "image/jpeg": lambda head: head.startswith(b"\xff\xd8\xff"),
    "image/webp": lambda head: head[:4] == b"RIFF" and head[8:12] == b"WEBP",
    "image/gif": lambda head: head[:6] in (b"GIF87a", b"GIF89a"),
}


@dataclasses.dataclass(frozen=True)
class Picture:
    """A picture file's bytes and their media type."""

    data: bytes
    media_type: str

    def data_url(self):
        return f"data:{self.media_type};base64,{base64.b64encode(self.data).decode()}"

    def file_name(self):
        """A name that stands for the content."""
        suffix = self.media_type.partition("/")[2]
        return f"{hashlib.sha256(self.data).hexdigest()[:32]}.{suffix}"


def load(record, root):
    """The record's picture, its path below `root`; raises BadRecord."""
    if record.image is not None:
        field, data = "image", _read(record.image, root)
    else:
        field, data = "image_base64", _decode(record.image_base64)
    if len(data) > MAX_BYTES:
        raise BadRecord(field, f"must have at most {MAX_BYTES} bytes, has {len(data)}")
    for media_type, begins in _KINDS.items():
        if begins(data[:16]):
            return Picture(data, media_type)
    raise BadRecord(field, "must be PNG, JPEG, WebP or GIF")


def keep(picture, directory):
    """Writes the picture into `directory` under its name, whole or not at all."""
    path = directory / picture.file_name()
    if path.exists():
        return
    directory.mkdir(parents=True, exist_ok=True)
    # Two records may bring the same picture at the same time.
    with tempfile.NamedTemporaryFile(dir=directory, prefix=".", delete=False) as part:
        part.write(picture.data)
        part.flush()
        os.fsync(part.fileno())
    os.chmod(part.name, 0o644)
    os.replace(part.name, path)


def _read(name, root):
    path = pathlib.PurePath(name)
    if path.is_absolute() or ".." in path.parts:
        raise BadRecord("image", f"must be a path below --images, is {name!r}")
    try:
        with open(root / path, "rb") as file:
            return file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise BadRecord("image", f"cannot read {name!r}: {why}") from None


def _decode(text):
    if text.startswith("data:"):
        text = text.partition(",")[2]
    # Some writers break the lines.
    letters = "".join(text.split())
    # Before decoding, so that a huge field costs no memory.
    if len(letters) > (MAX_BYTES + 2) // 3 * 4:
        raise BadRecord("image_base64", f"must have at most {MAX_BYTES} bytes")
    try:
        return base64.b64decode(letters, validate=True)
    except (binascii.Error, ValueError):
        raise BadRecord("image_base64", "must be base64") from None
