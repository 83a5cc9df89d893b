"""Writes rows.umem, the golden file of RowFileTest, by the table in RowFile and nothing else: python3 rows.py"""

import pathlib
import struct


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


dimension, stride = 3, 16
rows = {7: (1.0, -2.5, 3.25), -(1 << 63): (0.5, 0.0, -0.0), 1000000007: (1e-30, 1e30, -1.0)}
body = b"".join(struct.pack("<q", i) for i in rows)
body += bytes(-len(body) % 64)
for row in rows.values():
    body += struct.pack("<3f", *row) + bytes(4 * (stride - dimension))
header = struct.pack("<8siiiiq24xI", b"UMEMROWS", 1, 1, dimension, 0, len(rows), crc32c(body))
header += struct.pack("<I", crc32c(header))
pathlib.Path(__file__).with_name("rows.umem").write_bytes(header + body)
