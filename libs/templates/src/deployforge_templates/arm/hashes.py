"""The two hashes of ARM templates, value for value as Azure makes them."""

import base64
import uuid
from typing import Final

#: Source: Microsoft Learn, "String functions for Bicep", guid.
_NAMESPACE: Final = uuid.UUID("11fb06fb-712d-4ddd-98c7-e71bbd588830")
_ALL: Final = 0xFFFFFFFF
_FIRST, _SECOND = 0x239B961B, 0xAB0E9789


def guid(*parts: str) -> str:
    """`guid`: a UUID of version 5."""
    return str(uuid.uuid5(_NAMESPACE, "-".join(parts)))


def unique_string(*parts: str) -> str:
    """`uniqueString`: 13 digits of base 32 of a Murmur hash of 64 bits, of two halves with seed 0.

    Source: Azure's own Terraform provider (azapi, `unique_string`) has the constants; the values in the test are Azure's.
    """
    number = _murmur("-".join(parts).encode())
    # 64 bits are 12 digits and four bits of a 13th.
    return base64.b32encode(number.to_bytes(8, "big")).decode().lower()[:13]


def _murmur(data: bytes) -> int:
    one = two = 0
    whole = len(data) // 8 * 8
    for at in range(0, whole, 8):
        one ^= _mixed(data[at : at + 4], _FIRST, 15, _SECOND)
        one = (_turned(one, 19) + two) * 5 + 0x561CCD1B & _ALL
        two ^= _mixed(data[at + 4 : at + 8], _SECOND, 17, _FIRST)
        two = (_turned(two, 13) + one) * 5 + 0x0BCAA747 & _ALL
    one ^= _mixed(data[whole : whole + 4], _FIRST, 15, _SECOND)
    two ^= _mixed(data[whole + 4 :], _SECOND, 17, _FIRST)
    one, two = one ^ len(data), two ^ len(data)
    one = one + two & _ALL
    two = two + one & _ALL
    one, two = _stirred(one), _stirred(two)
    one = one + two & _ALL
    two = two + one & _ALL
    return two << 32 | one


def _mixed(piece: bytes, first: int, turn: int, second: int) -> int:
    return _turned(int.from_bytes(piece, "little") * first & _ALL, turn) * second & _ALL


def _turned(value: int, by: int) -> int:
    return (value << by | value >> (32 - by)) & _ALL


def _stirred(value: int) -> int:
    value = (value ^ value >> 16) * 0x85EBCA6B & _ALL
    value = (value ^ value >> 13) * 0xC2B2AE35 & _ALL
    return value ^ value >> 16
