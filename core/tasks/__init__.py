"""Background tasks: small calculations on finished runs, each in a process of its own."""
