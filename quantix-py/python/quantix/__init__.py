"""Parts for virtualization platforms: appliances, guest customization, placement.

Reports are plain dictionaries with the fields of ``quantix ... --json``.
"""

from quantix import cloudinit, core, exceptions, ova, scheduler
from quantix._core import __version__
from quantix.exceptions import EnvironmentFailure, InputError, QuantixError

__all__ = [
    "EnvironmentFailure",
    "InputError",
    "QuantixError",
    "__version__",
    "cloudinit",
    "core",
    "exceptions",
    "ova",
    "scheduler",
]
