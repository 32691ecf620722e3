"""Planning: what to move, when and why; nothing is changed.

Every planner takes the cluster and its request as dictionaries or JSON text, and answers with the
document of ``quantix plan ... --json``.
"""

from quantix._core import (
    plan_admission as admission,
    plan_balance as balance,
    plan_capacity as capacity,
    plan_drain as drain,
    plan_failover as failover,
    plan_whatif as whatif,
)

__all__ = ["admission", "balance", "capacity", "drain", "failover", "whatif"]
