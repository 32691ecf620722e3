//! OVF/OVA appliances and virtual disks: read, verified and converted in one pass
