"""Appliances (OVA/OVF) and virtual disks."""
