"""Holds the contracts to their rules, offline: run by `make lint`.

Protos: buf's lint, and its breaking-change rules against the last release (or, before the first, the last commit).
Avro: every topic's records have a schema, every version an example that every version reads, all versions are
FULL_TRANSITIVE, and no released schema file has changed; nor has a released golden event.
Needs `npm ci` in tools/buf, which it does by itself.
"""

import shutil
import subprocess
import sys
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Final

from deployforge_chassis import schemas, topics
from deployforge_chassis.avro import AvroCodec
from deployforge_chassis.compatibility import transitive_faults
from deployforge_chassis.registry import MemoryRegistry
from deployforge_chassis.schemas import Schemas

ROOT: Final = Path(__file__).resolve().parents[2]
BUF_HOME: Final = ROOT / "tools" / "buf"
BUF: Final = BUF_HOME / "node_modules" / ".bin" / "buf"


def git(*arguments: str) -> str | None:
    """What git prints, or None where it refuses (no repository, no such revision)."""
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else None


def buf(*arguments: str) -> list[str]:
    """buf's complaints, one a line."""
    if not BUF.exists():
        if shutil.which("npm") is None:
            sys.exit("the contract linter needs npm: install Node.js (Debian: apt-get install npm), then run this again")
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--silent"], cwd=BUF_HOME, check=True)
    done = subprocess.run([str(BUF), *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    return [] if done.returncode == 0 else (done.stdout + done.stderr).splitlines() or ["buf failed without a word"]


def last_release() -> str | None:
    """The newest tag that this commit descends from."""
    return git("describe", "--tags", "--abbrev=0")


def proto_style() -> list[str]:
    return buf("lint", "proto")


def proto_breakage() -> list[str]:
    changed = git("status", "--porcelain", "--", "proto")
    baseline = last_release() or git("rev-parse", "--verify", "HEAD" if changed else "HEAD~1")
    if not baseline or git("ls-tree", baseline, "proto/buf.yaml") in (None, ""):
        return []
    return buf("breaking", "proto", "--against", f".git#ref={baseline},subdir=proto")


def avro_topics() -> list[str]:
    known = schemas.load().by_fact
    placed = [(topic, fact) for topic in topics.load().values() for fact in topic.records]
    homeless = known.keys() - {fact for _, fact in placed}
    return [
        *(f"{topic.name}: {fact} has no schema" for topic, fact in placed if fact not in known),
        *(
            f"{topic.name}: {fact} belongs to {known[fact][-1].service}"
            for topic, fact in placed
            if fact in known and known[fact][-1].service != topic.owner
        ),
        *(f"{fact} is in no topic" for fact in sorted(homeless)),
    ]


def avro_examples() -> list[str]:
    wrong = []
    for versions in schemas.load().by_fact.values():
        for writer, reader in product(versions, versions):
            registry = MemoryRegistry()
            try:
                data = AvroCodec(registry, Schemas({writer.fact: (writer,)})).encode(writer.fact, writer.example())
                AvroCodec(registry, Schemas({reader.fact: (reader,)})).decode(data)
            except ValueError as refusal:
                wrong.append(f"{writer.fact}: {writer.version} read by {reader.version}: {refusal}")
    return wrong


def avro_compatibility() -> list[str]:
    return [
        f"{fact}: {fault}" for fact, versions in schemas.load().by_fact.items() for fault in transitive_faults(versions)
    ]


def avro_immutability() -> list[str]:
    release = last_release()
    changed = git("diff", "--name-only", "--diff-filter=DMR", release, "--", "schemas/avro/*.avsc") if release else ""
    return [f"{path} was released in {release} and never changes: add a version" for path in (changed or "").split()]


def golden_immutability() -> list[str]:
    release = last_release()
    changed = git("diff", "--name-only", "--diff-filter=DMR", release, "--", "services/*/tests/golden") if release else ""
    return [f"{path} was released in {release} and never changes: write an upcaster" for path in (changed or "").split()]


CHECKS: Final[tuple[Callable[[], list[str]], ...]] = (
    proto_style,
    proto_breakage,
    avro_topics,
    avro_examples,
    avro_compatibility,
    avro_immutability,
    golden_immutability,
)


def main() -> int:
    """0 when every check is content; otherwise 1, with every complaint printed."""
    failed = 0
    for check in CHECKS:
        complaints = check()
        failed += len(complaints)
        print(f"{check.__name__.replace('_', ' ')}: {'ok' if not complaints else len(complaints)}")
        for complaint in complaints:
            print(f"  {complaint}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
