"""Guest customization: documents, specs and seed images."""
