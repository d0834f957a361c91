"""The timeline as a stream: nothing missed, nothing twice, whoever writes."""

import threading
from collections.abc import Callable
from uuid import uuid4

from deployforge_control_plane.application.views import Scope
from deployforge_control_plane.application.watching import NOW, Watching
from deployforge_control_plane.domain.values import RequestState

from ...conftest import System


def watching(system: System) -> Watching:
    watching = Watching(system.stores.timeline, system.stores.requests)
    system.app.on_save(watching.wake)
    return watching


def test_it_ends_with_the_request_and_has_told_all_of_it(system: System) -> None:
    request_id = system.deployed().request_id
    scope = Scope(request_id=str(request_id))
    told = list(watching(system).watch(scope, 0, True, lambda: True))
    assert [entry.type for entry in told] == [entry.type for entry in system.timeline(request_id)]
    assert told[-1].state is RequestState.SUCCEEDED
    rest = list(watching(system).watch(scope, told[2].position, True, lambda: True))
    assert rest == told[3:]


def test_what_happens_while_watching_is_told(system: System) -> None:
    request_id = uuid4()
    told: list[str] = []
    view = system.submit(request_id=request_id)
    begun = threading.Event()

    def watch() -> None:
        for entry in watching(system).watch(Scope(request_id=str(request_id)), 0, True, lambda: True):
            told.append(entry.type)
            begun.set()

    watcher = threading.Thread(target=watch)
    watcher.start()
    assert begun.wait(5)
    system.drafted(view.request_id)
    system.executed(view.request_id)
    system.recorded(view.request_id)
    watcher.join(10)
    assert told == [entry.type for entry in system.timeline(request_id)]


def test_other_namespaces_are_not_told(system: System) -> None:
    system.deployed()
    looks = iter([True, True, False])
    assert not list(watching(system).watch(Scope(namespaces=("other",)), 0, False, lambda: next(looks)))


def test_from_now_on_nothing_old_is_told(system: System) -> None:
    system.deployed()
    looks = iter([True, True, False])
    assert not list(watching(system).watch(Scope(), NOW, False, lambda: next(looks)))


def test_two_replicas_writing_at_once_hide_nothing_from_a_reader(systems: Callable[[], System]) -> None:
    replicas = [systems(), systems()]
    each, seen = 15, []
    done = threading.Event()

    def write(system: System) -> None:
        for _ in range(each):
            system.submit()

    def read() -> None:
        for entry in watching(replicas[0]).watch(Scope(), 0, False, lambda: not done.is_set()):
            seen.append(entry.position)
            if len(seen) == each * len(replicas):
                done.set()

    threads = [threading.Thread(target=write, args=(replica,)) for replica in replicas for _ in range(1)]
    reader = threading.Thread(target=read)
    for thread in (*threads, reader):
        thread.start()
    for thread in threads:
        thread.join()
    reader.join(10)
    done.set()
    assert len(seen) == each * len(replicas)
    assert seen == sorted(set(seen))
