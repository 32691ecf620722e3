//! A libvirt driver with deadlines, lossless XML and explained plans
