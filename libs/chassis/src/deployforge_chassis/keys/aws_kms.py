"""Wrapping keys in AWS KMS. What a data key is bound to is its encryption context, which KMS checks and logs.

Each version is a KMS key of its own behind an alias `<alias>-v<number>`, because KMS does not name the versions that
its automatic rotation makes. Below the minimum, the KMS key is disabled: KMS itself refuses, whoever asks.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, Final

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from deployforge_chassis.keys.port import (
    KeyUnavailable,
    UnknownVersion,
    VersionRefused,
    WrongKey,
    stamped,
    unstamped,
    version_of,
)

_CONTEXT: Final = "deployforge"
_ALIAS: Final = re.compile(r"alias/[A-Za-z0-9/_-]{1,200}")
_ENABLED: Final = "Enabled"
_CONFIG: Final = Config(connect_timeout=3, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 2})


class AwsKms:
    """The KMS keys behind one alias. Credentials, region and endpoint come the usual ways (AWS_… variables, role)."""

    scheme: ClassVar[str] = "aws-kms"

    def __init__(self, alias: str, client: Any = None) -> None:
        self._alias = alias
        self._client = client or boto3.client("kms", config=_CONFIG)

    @classmethod
    def from_uri(cls, uri: str) -> "AwsKms":
        """`aws-kms:alias/NAME`."""
        scheme, _, alias = uri.partition(":")
        if scheme != "aws-kms" or not _ALIAS.fullmatch(alias):
            raise ValueError("keys in AWS KMS are named like aws-kms:alias/NAME")
        return cls(alias)

    @classmethod
    def prepare(cls, uri: str) -> None:
        """See KeyProvider."""
        keys = cls.from_uri(uri)
        with keys._reaching():
            if not keys._numbers():
                keys._generate(1)

    def wrap(self, data_key: bytes, aad: bytes) -> bytes:
        """See KeyProvider. Layout: version (4 bytes), what KMS gave."""
        with self._reaching():
            version = self._existing()[-1]
            answer = self._client.encrypt(KeyId=self._name(version), Plaintext=data_key, EncryptionContext=_context(aad))
        return stamped(version, answer["CiphertextBlob"])

    def unwrap(self, wrapped: bytes, aad: bytes) -> bytes:
        """See KeyProvider."""
        version, sealed = version_of(wrapped), unstamped(wrapped)
        with self._reaching():
            key = self._key(version)
            if key["KeyState"] != _ENABLED:
                raise VersionRefused(version, self._minimum())
            try:
                return self._decrypted(key, sealed, aad)
            except ClientError as error:
                if _code(error) == _DENIED:
                    # Also the answer to a ciphertext that names a key which does not exist. If something of our own
                    # can be opened, it is not our permission that is missing.
                    probe = self._client.encrypt(KeyId=key["KeyId"], Plaintext=b"probe", EncryptionContext=_context(aad))
                    self._decrypted(key, probe["CiphertextBlob"], aad)
                elif _code(error) not in _NOT_OURS:
                    raise
                raise WrongKey from None

    def _decrypted(self, key: dict[str, Any], sealed: bytes, aad: bytes) -> bytes:
        # KMS refuses an empty ciphertext before it looks at it; one byte is wrong just the same.
        answer = self._client.decrypt(KeyId=key["KeyId"], CiphertextBlob=sealed or b"\x00", EncryptionContext=_context(aad))
        if answer["KeyId"] not in (key["Arn"], key["KeyId"]):
            raise WrongKey
        plaintext: bytes = answer["Plaintext"]
        return plaintext

    def versions(self) -> tuple[int, ...]:
        """See KeyProvider."""
        with self._reaching():
            return self._existing()

    def minimum_version(self) -> int:
        """See KeyProvider."""
        with self._reaching():
            return self._minimum()

    def rotate(self) -> int:
        """See KeyProvider."""
        with self._reaching():
            version = self._existing()[-1] + 1
            self._generate(version)
            return version

    def raise_minimum(self, version: int) -> None:
        """See KeyProvider."""
        with self._reaching():
            existing = self._existing()
            if version not in existing:
                raise self._unknown(version)
            for older in existing:
                if older < version:
                    self._client.disable_key(KeyId=self._key(older)["KeyId"])

    def _minimum(self) -> int:
        return min(version for version in self._existing() if self._key(version)["KeyState"] == _ENABLED)

    def _existing(self) -> tuple[int, ...]:
        if not (numbers := self._numbers()):
            raise KeyUnavailable(f"AWS KMS has no key {self._name(1)}; make the first one")
        return numbers

    def _numbers(self) -> tuple[int, ...]:
        pages = self._client.get_paginator("list_aliases").paginate()
        names = (alias["AliasName"] for page in pages for alias in page["Aliases"])
        matches = (re.fullmatch(rf"{re.escape(self._alias)}-v([1-9][0-9]*)", name) for name in names)
        return tuple(sorted(int(match[1]) for match in matches if match))

    def _key(self, version: int) -> dict[str, Any]:
        # Asked for each time: data keys stay in memory for minutes, so this is seldom, and nothing here goes stale.
        try:
            key: dict[str, Any] = self._client.describe_key(KeyId=self._name(version))["KeyMetadata"]
        except ClientError as error:
            if _code(error) == "NotFoundException":
                raise self._unknown(version) from None
            raise
        return key

    def _generate(self, version: int) -> None:
        key = self._client.create_key(Description=f"DeployForge, {self._name(version)}")["KeyMetadata"]
        self._client.create_alias(AliasName=self._name(version), TargetKeyId=key["KeyId"])

    def _name(self, version: int) -> str:
        return f"{self._alias}-v{version}"

    def _unknown(self, version: int) -> UnknownVersion:
        return UnknownVersion(f"AWS KMS, {self._alias},", version)

    @contextmanager
    def _reaching(self) -> Iterator[None]:
        """Whatever else KMS or the way there refuses means that it is not to be had now."""
        try:
            yield
        except ClientError as error:
            raise KeyUnavailable(f"AWS KMS, {self._alias}: {_code(error)}") from error
        except BotoCoreError as error:
            raise KeyUnavailable(f"AWS KMS, {self._alias}, cannot be reached: {type(error).__name__}") from error


_DENIED: Final = "AccessDeniedException"
_NOT_OURS: Final = frozenset({"InvalidCiphertextException", "IncorrectKeyException", "ValidationException"})
"""What KMS says of a ciphertext that it did not make with this key and this context."""


def _context(aad: bytes) -> dict[str, str]:
    return {_CONTEXT: aad.decode("latin-1")}


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", "unknown"))
