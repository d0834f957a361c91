"""What every command shares: its options, its connection, and how errors reach the terminal."""

import functools
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, ParamSpec

import typer
from deployforge_client import DeployForge, DeployForgeError, InvalidManifest, load_contexts
from deployforge_client.errors import BadRequest, NoContext

from deployforge_cli.exits import Exit
from deployforge_cli.output import Format, errors, problem_lines

P = ParamSpec("P")

ContextName = Annotated[str | None, typer.Option("--context", "-c", help="Which context of the contexts file to use.")]
Output = Annotated[Format, typer.Option("--output", "-o", help="How to print.")]
Wait = Annotated[bool, typer.Option("--wait/--no-wait", help="Follow the request to its end.")]
Timeout = Annotated[float | None, typer.Option(help="Seconds to wait at most.")]
DeploymentName = Annotated[str, typer.Argument(metavar="NAMESPACE/NAME", help="The deployment.")]


@contextmanager
def connected(context: str | None) -> Iterator[DeployForge]:
    """A client for the named context (default: the current one)."""
    with DeployForge(load_contexts(context)) as client:
        yield client


def command(function: Callable[P, None]) -> Callable[P, None]:
    """Turn named errors into a message on stderr and a documented exit code."""

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            function(*args, **kwargs)
        except InvalidManifest as invalid:
            for line in problem_lines(invalid.problems):
                errors.print(line, markup=False, highlight=False, soft_wrap=True)
            errors.print(f"[red]refused:[/] {invalid}; nothing was written")
            raise typer.Exit(Exit.USAGE) from None
        except DeployForgeError as error:
            errors.print(f"error: {error}", style="red", markup=False, highlight=False, soft_wrap=True)
            if error.hint:
                errors.print(f"  hint: {error.hint}", markup=False, highlight=False, soft_wrap=True)
            code = Exit.USAGE if isinstance(error, BadRequest | NoContext) else Exit.FAILED
            raise typer.Exit(code) from None
        except KeyboardInterrupt:
            errors.print("stopped watching; what was requested goes on", style="yellow")
            raise typer.Exit(130) from None
        except BrokenPipeError:
            sys.stderr.close()
            raise typer.Exit(Exit.DONE) from None

    return run
