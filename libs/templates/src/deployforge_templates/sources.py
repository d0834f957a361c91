"""The files of templates: found from a manifest, and only where a manifest may look."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from deployforge_documents.problems import quoted
from deployforge_documents.reading import MOST_BYTES, Node

from deployforge_templates.values import refused


@dataclass(frozen=True)
class Source:
    """A file or directory, and what people call it. `asked` is where it was asked for, for problems."""

    path: Path
    shown: str
    asked: Node

    def data(self) -> bytes:
        """The bytes of the file. Raises InvalidDocument."""
        try:
            if self.path.stat().st_size > MOST_BYTES:
                raise refused(self.asked, f"{self.shown} has more than {MOST_BYTES} bytes", "a smaller template")
            return self.path.read_bytes()
        except OSError as error:
            said = f"cannot read {self.shown}: {error.strerror}"
            raise refused(self.asked, said, "the path of a template", "paths start where the manifest is") from error


@dataclass(frozen=True)
class Sources:
    """Where the paths of a manifest start and what they may reach: whatever is below one of `roots`, links followed.

    A manifest may come from somebody else, and what it includes is sent to the control plane.
    """

    base: Path
    roots: tuple[Path, ...]

    def find(self, path: Node) -> Source:
        """The source at a path of the manifest. Raises InvalidDocument."""
        text = str(path.value)
        shown = str(self.base / text)
        real = (self.base / text).resolve()
        if Path(text).is_absolute() or not any(real.is_relative_to(root.resolve()) for root in self.roots):
            said = f"{quoted(text)} is outside of what the manifest may include"
            raise refused(path, said, _BELOW, "run the command in a directory above both")
        return Source(real, shown.removeprefix("./"), path)


_BELOW: Final = "a path below the manifest's directory or the working directory"
