//! Guest customization that is provably what the guest will read: cloud-init documents, specs, seed images
