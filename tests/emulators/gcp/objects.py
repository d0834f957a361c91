"""The little of Cloud Storage's objects that blueprints and state files need: media upload, download, list, delete, and
signed URIs."""

import base64
import re
import uuid
from urllib.parse import unquote

from tests.emulators.gcp.replies import Refused
from tests.emulators.messages import Ask, Reply
from tests.emulators.store import Store

_ITEM = re.compile(r"storage/v1/b/(?P<bucket>[^/]+)/o/(?P<name>.+)")
_LIST = re.compile(r"storage/v1/b/(?P<bucket>[^/]+)/o")
_UPLOAD = re.compile(r"upload/storage/v1/b/(?P<bucket>[^/]+)/o")


class Objects:
    """Objects by bucket and name."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add_bucket(self, bucket: str, project: str) -> None:
        """A bucket for blueprints."""
        self._store.put("bucket", bucket, {"project": project})

    def is_object(self, path: str) -> bool:
        """Whether a path is about objects, and not about buckets."""
        return bool(_ITEM.fullmatch(path) or _LIST.fullmatch(path) or _UPLOAD.fullmatch(path))

    def project(self, path: str) -> str:
        """Whose bucket a path is in. Raises Refused."""
        matched = _ITEM.fullmatch(path) or _LIST.fullmatch(path) or _UPLOAD.fullmatch(path)
        bucket = matched["bucket"] if matched else ""
        kept = self._store.get("bucket", bucket)
        if kept is None:
            raise Refused(404, f"The specified bucket does not exist: {bucket}")
        return str(kept["project"])

    def content(self, bucket: str, name: str) -> bytes | None:
        """An object."""
        kept = self._store.get("object", f"{bucket}/{name}")
        return None if kept is None else base64.b64decode(kept["content"])

    def handle(self, ask: Ask, path: str) -> Reply:
        """One call. Raises Refused."""
        if (up := _UPLOAD.fullmatch(path)) is not None:
            name = ask.query["name"]
            body = {"content": base64.b64encode(ask.body or b"").decode(), "name": name}
            self._store.put("object", f"{up['bucket']}/{name}", body)
            return Reply(
                200, {"kind": "storage#object", "name": name, "bucket": up["bucket"], "size": str(len(ask.body or b""))}
            )
        if (every := _LIST.fullmatch(path)) is not None:
            begins = f"{every['bucket']}/{ask.query.get('prefix', '')}"
            items = [{"name": kept["name"]} for _, kept in self._store.below("object", begins)]
            return Reply(200, {"kind": "storage#objects", **({"items": items} if items else {})})
        one = _ITEM.fullmatch(path)
        assert one is not None
        name = unquote(one["name"])
        content = self.content(one["bucket"], name)
        if content is None:
            raise Refused(404, f"No such object: {one['bucket']}/{name}")
        if ask.method == "DELETE":
            self._store.drop("object", f"{one['bucket']}/{name}")
            return Reply(204)
        return Reply(200, content)

    # --- signed URIs ----------------------------------------------------------------------------------

    def signed(self, host: str, deployment: str, lock: str) -> str:
        """A URI that reads the state of a deployment, or writes it with its lock."""
        number = uuid.uuid4().hex
        self._store.put("signed", number, {"deployment": deployment, "lock": lock})
        return f"{host}/storage.googleapis.com/_state/{number}?X-Goog-Signature=emulated"

    def signed_for(self, path: str) -> tuple[str, str]:
        """Deployment and lock of a signed URI. Raises Refused."""
        kept = self._store.get("signed", path.rpartition("/")[2])
        if kept is None:
            raise Refused(403, "The signature is not valid")
        return str(kept["deployment"]), str(kept["lock"])
