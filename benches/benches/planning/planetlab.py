"""Prints the days of planetlab_cpu_5min.npz: a line `day machines samples`, then so many bytes."""

import ast
import sys
import zipfile

out = sys.stdout.buffer
with zipfile.ZipFile(sys.argv[1]) as archive:
    for info in sorted(archive.infolist(), key=lambda info: info.filename):
        array = archive.read(info)
        length = int.from_bytes(array[8:10], "little")
        header = ast.literal_eval(array[10 : 10 + length].decode())
        assert header["descr"] == "|u1" and not header["fortran_order"], header
        machines, samples = header["shape"]
        out.write(f"{info.filename.removesuffix('.npy')} {machines} {samples}\n".encode())
        out.write(array[10 + length :])
