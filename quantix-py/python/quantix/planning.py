"""Planning: what to move, when and why; nothing is changed.

Every planner takes the cluster and its request as dictionaries or JSON text, and answers with the
document of ``quantix plan ... --json``.
"""

from quantix._core import (
    plan_admission as admission,
    plan_drain as drain,
    plan_failover as failover,
)

__all__ = ["admission", "drain", "failover"]
