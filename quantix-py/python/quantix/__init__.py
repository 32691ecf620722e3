"""Parts for virtualization platforms: appliances, guest customization, placement.

Reports are plain dictionaries with the fields of ``quantix ... --json``; documents of the platform
may be written as dictionaries or as the typed classes of ``quantix.model``.
"""

from quantix import cloudinit, core, exceptions, libvirt, model, ova, planning, scheduler
from quantix._core import __version__
from quantix.exceptions import EnvironmentFailure, InputError, LibvirtError, QuantixError

__all__ = [
    "EnvironmentFailure",
    "InputError",
    "LibvirtError",
    "QuantixError",
    "__version__",
    "cloudinit",
    "core",
    "exceptions",
    "libvirt",
    "model",
    "ova",
    "planning",
    "scheduler",
]
