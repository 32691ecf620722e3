//! Python package of Quantix (import quantix)
