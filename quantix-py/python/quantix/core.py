"""The domain model: ids, units, folders, and documents of the platform.

>>> from quantix.core import FolderPath, MemoryMib, check_document
>>> FolderPath("/Production/TCP%2FIP").names
['Production', 'TCP/IP']
>>> int(MemoryMib("8GiB"))
8192
>>> report = check_document("vm_spec", {"cpu": {"cores": 0}, "memory": {"size_mib": 512}})
>>> [finding["path"] for finding in report["findings"]]
['cpu.cores']
"""

from quantix._core import (
    Bytes,
    FolderId,
    FolderPath,
    FolderTree,
    ImageId,
    MemoryMib,
    Millicores,
    ProjectId,
    SpecId,
    Timestamp,
    VmId,
    check_document,
    document_kinds,
    document_schema,
)

__all__ = [
    "Bytes",
    "FolderId",
    "FolderPath",
    "FolderTree",
    "ImageId",
    "MemoryMib",
    "Millicores",
    "ProjectId",
    "SpecId",
    "Timestamp",
    "VmId",
    "check_document",
    "document_kinds",
    "document_schema",
]
