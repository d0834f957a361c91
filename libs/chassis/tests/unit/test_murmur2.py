import pytest
from deployforge_chassis.murmur2 import murmur2, partition


# Source: org.apache.kafka.common.utils.UtilsTest.testMurmur2 (Apache Kafka); Java's ints are signed.
@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"21", -973932308),
        (b"foobar", -790332482),
        (b"a-little-bit-long-string", -985981536),
        (b"a-little-bit-longer-string", -1486304829),
        (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        (b"abc", 479470107),
    ],
)
def test_the_hash_is_that_of_the_java_client(data: bytes, expected: int) -> None:
    assert murmur2(data) == expected & 0xFFFFFFFF


def test_the_partition_clears_the_sign_bit_before_dividing() -> None:
    # Not a power of two: there the sign bit would not matter.
    assert partition(b"foobar", 7) == (-790332482 & 0x7FFFFFFF) % 7 != (-790332482 & 0xFFFFFFFF) % 7
    assert {partition(str(n).encode(), 8) for n in range(200)} == set(range(8))
