"""Generates the Python modules of every contract under proto/ into libs/contracts/src.

Run by `make contracts`; the output is committed, and `make lint` fails when it is stale.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROTO = ROOT / "proto"
OUT = ROOT / "libs" / "contracts" / "src"


def generate(out: Path) -> None:
    """Write `*_pb2.py`, `*_pb2.pyi` and `*_pb2_grpc.py` for each proto file below `out`."""
    files = sorted(str(p) for p in PROTO.rglob("*.proto"))
    subprocess.run(
        [
            sys.executable, "-m", "grpc_tools.protoc", f"-I{PROTO}",
            f"--python_out={out}", f"--pyi_out={out}", f"--grpc_python_out={out}", *files,
        ],
        check=True,
    )  # fmt: skip
    for folder in {p.parent for p in out.rglob("*_pb2.py")}:
        while folder != out:
            (folder / "__init__.py").touch()
            folder = folder.parent


def stale() -> list[str]:
    """The generated files that differ from what the protos would give now."""
    with tempfile.TemporaryDirectory() as fresh:
        generate(Path(fresh))
        wanted = {p.relative_to(fresh): p.read_bytes() for p in Path(fresh).rglob("*") if p.is_file()}
    have = {p.relative_to(OUT): p.read_bytes() for p in OUT.rglob("*_pb2*.py*") if "__pycache__" not in p.parts}
    wanted_code = {k: v for k, v in wanted.items() if "_pb2" in k.name}
    return sorted(str(k) for k in wanted_code.keys() | have.keys() if wanted_code.get(k) != have.get(k))


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        if out_of_date := stale():
            sys.exit("stale generated code, run `make contracts`: " + ", ".join(out_of_date))
    else:
        generate(OUT)
