"""Planning: what to move, when and why; nothing is changed.

Every planner takes the cluster and its request as dictionaries or JSON text, and answers with the
document of ``quantix plan ... --json``; ``reassign`` takes the two texts of its problem.
``simulate`` runs a generated fleet in virtual time. ``whatif_html`` and ``simulate_html`` are pages
with charts. Tables of pandas and polars become such documents, and documents tables, with
``quantix.frames``.
"""

from quantix._core import (
    fleet_simulate as simulate,
    fleet_simulate_html as simulate_html,
    plan_admission as admission,
    plan_balance as balance,
    plan_capacity as capacity,
    plan_drain as drain,
    plan_failover as failover,
    plan_reassign as reassign,
    plan_whatif as whatif,
    plan_whatif_html as whatif_html,
)

__all__ = [
    "admission",
    "balance",
    "capacity",
    "drain",
    "failover",
    "reassign",
    "simulate",
    "simulate_html",
    "whatif",
    "whatif_html",
]
