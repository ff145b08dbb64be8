"""Engines that answer a predicate: each has one entry point, and says beforehand what it cannot express."""
