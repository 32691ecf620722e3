//! C API of Quantix (libquantix, quantix.h)
