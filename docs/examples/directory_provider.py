"""An example adapter: its cloud is a directory, a unit a directory in that, a resource a file. docs/guide/providers.md."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from deployforge_mcal.application.ports import InvalidUnit, ListsNothing, ProviderFailure, Tick, Work
from deployforge_mcal.domain import references, units
from deployforge_mcal.domain.difference import differing
from deployforge_mcal.domain.operation import Failure, Grant
from deployforge_mcal.domain.units import Became, CompiledUnit, Observed, Outcome, Presence, Problem, Target

TYPE = "directory/File"
LARGEST = 1_000_000  # what this "cloud" takes; it refuses more, the adapter does not
Files = dict[str, dict[str, Any]]  # physical id → {"urn": …, "properties": …}


@dataclass(frozen=True)
class Session:
    grant: Grant
    root: Path

    def unit(self, name: str) -> Files:
        return {f"{name}/{f.name}": json.loads(f.read_text()) for f in sorted((self.root / name).glob("*"))}

    def read(self, id: str) -> dict[str, Any] | None:
        return json.loads((self.root / id).read_text()) if (self.root / id).is_file() else None

    def write(self, work: Work, id: str, held: dict[str, Any]) -> None:
        if (held["properties"].get("number") or 0) > LARGEST:
            raise ProviderFailure(Failure("RESOURCE_FAILED", f"{id}: at most {LARGEST}", "take less", held["urn"]))
        work.hold()  # before every change: is this operation still ours?
        (self.root / id).parent.mkdir(exist_ok=True)
        (self.root / id).write_text(json.dumps(held))

    def settle(self, work: Work, wanted: Files, tick: Tick) -> None:
        for id, held in wanted.items():
            tick(held["urn"], "WRITING", None)
            self.write(work, id, held)
        for id in self.unit(work.unit_name).keys() - wanted.keys():
            work.hold()
            (self.root / id).unlink()


class DirectoryProvider(ListsNothing):
    type = "directory"

    def types(self) -> tuple[()]:
        return ()

    def native_types(self) -> tuple[str, ...]:
        return ("File",)

    def check(self, specs: Sequence[units.ResourceSpec]) -> list[Problem]:
        return [Problem(f"{s.name}.type", f"there is no type {s.type}", TYPE) for s in specs if s.type != TYPE]

    def compile(self, spec: units.UnitSpec) -> CompiledUnit:
        if problems := self.check(spec.resources):
            raise InvalidUnit(problems)
        names, inputs, made = {r.name for r in spec.resources}, dict[str, str](), []
        for r in spec.resources:
            refs = list(references.of(dict(r.properties)))
            inputs |= {str(f): str(f) for f in refs if f.name not in names}
            needs = tuple(sorted({f.name for f in refs} | set(r.depends_on)))
            made.append(units.CompiledResource(r.urn, r.name, TYPE, "File", r.name, dict(r.properties), (), (), needs))
        template = {"retain": [r.urn for r in spec.resources if r.retain_on_delete]}
        s, resources = spec, tuple(made)
        return CompiledUnit(s.deployment_id, s.unit_id, s.unit_name, s.scope, template, resources, inputs, s.tags)

    def open(self, root: Mapping[str, Any], work: Work) -> Session:
        return self._session(root, work.scope, work.token, read_only=False)

    def open_reader(self, root: Mapping[str, Any], scope: units.Scope, types: Sequence[str]) -> Session:
        return self._session(root, scope, "read", read_only=True)

    def _session(self, root: Mapping[str, Any], scope: units.Scope, name: str, *, read_only: bool) -> Session:
        if not Path(root.get("directory") or "nowhere").is_dir():
            raise ProviderFailure(Failure("CREDENTIAL_INCOMPLETE", f"credential {scope.credential_ref} has no directory"))
        grant = Grant(scope.credential_ref, name, ("use",), ("*",), read_only, datetime.now(UTC) + timedelta(minutes=15))
        return Session(grant, Path(root["directory"]))

    def observe(self, session: Session, scope: units.Scope, targets: Sequence[Target]) -> list[Observed]:
        seen = {t.physical_id: session.read(t.physical_id) for t in targets}
        there = {id: (Presence.PRESENT, id, f["properties"], {"id": id}) for id, f in seen.items() if f is not None}
        return [Observed(t.urn, *there.get(t.physical_id, (Presence.MISSING, t.physical_id))) for t in targets]

    def preview(self, session: Session, work: Work) -> list[units.Change]:
        there, wanted = session.unit(work.unit_name), _files(work.unit, work.inputs)
        gone = [units.Change(f["urn"], "remove") for id, f in there.items() if id not in wanted]
        changed = {id: f["urn"] for id, f in wanted.items() if there.get(id) != f}
        return gone + [units.Change(urn, "modify" if id in there else "add") for id, urn in changed.items()]

    def apply(self, session: Session, work: Work, tick: Tick) -> list[Outcome]:
        wanted, log = _files(work.unit, work.inputs), session.root / f"{work.token}.before"
        if not log.exists():  # before the first change, so that the same token, after a crash, tells the same story
            log.write_text(json.dumps(session.unit(work.unit_name)))
        before: Files = json.loads(log.read_text())
        try:
            self.adopt(session, work, tick)
            session.settle(work, wanted, tick)
        except ProviderFailure as failed:
            previous = _files(work.previous, work.previous_inputs)
            session.settle(work, previous, tick)
            restored = session.unit(work.unit_name) == previous  # claimed only after reading
            raise ProviderFailure(replace(failed.failure, restored=restored)) from failed
        same = {id: Became.UNCHANGED if before[id] == wanted[id] else Became.UPDATED for id in wanted.keys() & before}
        gone = [Outcome(f["urn"], "", {}, Became.DELETED) for id, f in before.items() if id not in wanted]
        return [Outcome(f["urn"], id, {"id": id}, same.get(id, Became.CREATED)) for id, f in wanted.items()] + gone

    def destroy(self, session: Session, work: Work, tick: Tick) -> list[Outcome]:
        there, retain = session.unit(work.unit_name), {*work.retain, *(work.unit.template["retain"] if work.unit else ())}
        session.settle(work, {id: f for id, f in there.items() if f["urn"] in retain}, tick)
        end = (Became.DELETED, Became.UNCHANGED)
        return [Outcome(f["urn"], id, {}, end[f["urn"] in retain]) for id, f in there.items()]

    def correct(self, session: Session, work: Work, tick: Tick) -> list[Outcome]:
        return [self._put(session, work, t, Became.CORRECTED) for t in work.targets]

    def recreate(self, session: Session, work: Work, tick: Tick) -> list[Outcome]:
        return [self._put(session, work, t, Became.RECREATED) for t in work.targets]

    def _put(self, session: Session, work: Work, t: Target, became: Became) -> Outcome:
        held, same = session.read(t.physical_id), Outcome(t.urn, t.physical_id, {"id": t.physical_id}, Became.UNCHANGED)
        if held is None and became is Became.CORRECTED:
            raise ProviderFailure(Failure("NOT_FOUND", f"{t.physical_id} does not exist", "recreate it", t.urn))
        if held is not None and (became is Became.RECREATED or not differing(t.desired, held["properties"], ())):
            return same
        properties = {**(held["properties"] if held else {}), **t.desired}
        session.write(work, t.physical_id, {"urn": t.urn, "properties": properties})
        return replace(same, status=became)

    def adopt(self, session: Session, work: Work, tick: Tick) -> list[Outcome]:
        ids = {urn: f"{work.unit_name}/{urn.rpartition(':')[2]}" for urn in work.adopt}
        for urn, old in work.adopt.items():
            if session.read(ids[urn]) is None:
                if (held := session.read(old)) is None:
                    raise ProviderFailure(Failure("NOT_FOUND", f"{old} does not exist", None, urn))
                session.write(work, ids[urn], {**held, "urn": urn})
                (session.root / old).unlink()
        return [Outcome(urn, id, {"id": id}, Became.ADOPTED) for urn, id in ids.items()]


def _files(unit: CompiledUnit | None, inputs: Mapping[str, str]) -> Files:
    made = {f"{unit.unit_name}/{r.name}": r for r in unit.resources} if unit is not None else {}
    known = {**inputs, **{f"{r.name}.id": id for id, r in made.items()}}
    return {id: {"urn": r.urn, "properties": references.substitute(dict(r.desired), known)} for id, r in made.items()}
