"""The domain model: ids, units, folders, machines."""
