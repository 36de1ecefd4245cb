"""One layer, entry by entry, and its tar: the same entries give the same bytes."""

import gzip
import io
import posixpath
import tarfile

MTIME = 1704164645  # 2024-01-02T03:04:05Z


def gzipped(data: bytes) -> bytes:
    """gzip without the time and name that would differ from run to run."""
    return gzip.compress(data, 9, mtime=0)


class Layer:
    """The entries of one layer in the order they were added; parents come by themselves."""

    def __init__(self) -> None:
        self._entries: list[tuple[tarfile.TarInfo, bytes]] = []
        self._folders: set[str] = set()

    def file(
        self, path: str, data: bytes | str, mode: int = 0o644, owner: tuple[int, int] = (0, 0)
    ) -> None:
        content = data.encode() if isinstance(data, str) else data
        self._add(path, tarfile.REGTYPE, mode, owner, content=content)

    def directory(self, path: str, mode: int = 0o755, owner: tuple[int, int] = (0, 0)) -> None:
        self._add(path, tarfile.DIRTYPE, mode, owner)
        self._folders.add(path)

    def symlink(self, path: str, target: str) -> None:
        self._add(path, tarfile.SYMTYPE, 0o777, (0, 0), link=target)

    def hardlink(self, path: str, target: str, mode: int = 0o755) -> None:
        """A second name for `target`, a path that this layer already has."""
        self._add(path, tarfile.LNKTYPE, mode, (0, 0), link=target.lstrip("/"))

    def remove(self, path: str) -> None:
        """A whiteout: lower layers' `path` is gone."""
        folder, name = posixpath.split(path)
        self.file(posixpath.join(folder, f".wh.{name}"), b"", 0o600)

    def opaque(self, path: str) -> None:
        """An opaque whiteout: nothing of the lower layers' folder is left."""
        self.file(posixpath.join(path, ".wh..wh..opq"), b"", 0o600)

    def tar(self) -> bytes:
        """The finished layer."""
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as tar:
            for entry, content in self._entries:
                tar.addfile(entry, io.BytesIO(content))
        return buffer.getvalue()

    def _add(
        self,
        path: str,
        kind: bytes,
        mode: int,
        owner: tuple[int, int],
        content: bytes = b"",
        link: str = "",
    ) -> None:
        parent = posixpath.dirname(path)
        if parent not in ("", "/") and parent not in self._folders:
            self.directory(parent)
        entry = tarfile.TarInfo(path.lstrip("/"))
        entry.type, entry.mode, entry.linkname = kind, mode, link
        entry.uid, entry.gid = owner
        entry.size, entry.mtime = len(content), MTIME
        self._entries.append((entry, content))
