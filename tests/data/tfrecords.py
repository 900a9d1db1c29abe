"""NAS-Bench-101's file as its authors write it, made here: records, and protobuf messages."""

from __future__ import annotations

import base64
import json
import struct
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def crc32c(content: bytes) -> int:
    """Return the CRC-32C, bit by bit."""
    value = 0xFFFFFFFF
    for byte in content:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ 0x82F63B78 * (value & 1)
    return value ^ 0xFFFFFFFF


def checksum(content: bytes) -> bytes:
    """Return the masked checksum, as it stands in a file."""
    value = crc32c(content)
    return struct.pack("<I", ((value >> 15 | value << 17) + 0xA282EAD8) & 0xFFFFFFFF)


def framed(content: bytes) -> bytes:
    """Return a record."""
    length = struct.pack("<Q", len(content))
    return length + checksum(length) + content + checksum(content)


def evaluation(test: float, epoch: float = 108.0) -> bytes:
    """Return an EvaluationData of a test accuracy, with other metrics that follow from it."""
    values = (epoch, 1000 * test, test + 0.02, test + 0.01, test)
    doubles = b"".join(struct.pack("<Bd", n << 3 | 1, y) for n, y in enumerate(values, start=1))
    return doubles + b"\x32\x04ckpt"


def metrics(test: float, parameters: int = 300) -> bytes:
    """Return a ModelMetrics."""
    parts = [evaluation(y) for y in (0.1, test / 2, test)]
    told = b"".join(b"\x0a" + bytes([len(part)]) + part for part in parts)
    return told + b"\x10" + bytes([parameters & 0x7F | 0x80, parameters >> 7]) + b"\x19" + bytes(8)


def row(spec: Any, test: float, epochs: int = 108, **changes: Any) -> list[Any]:
    """Return what the record of a training holds."""
    text = "".join(str(bit) for line in spec["matrix"] for bit in line)
    told = {
        "cell": f"{crc32c(json.dumps(spec).encode()):032x}",
        "epochs": epochs,
        "adjacency": text,
        "ops": ",".join(spec["ops"]),
        "metrics": base64.b64encode(metrics(test)).decode(),
    }
    return list({**told, **changes}.values())


def write(path: Path, rows: Iterable[Any]) -> Path:
    """Write records, each as JSON."""
    path.write_bytes(b"".join(framed(json.dumps(each).encode()) for each in rows))
    return path
