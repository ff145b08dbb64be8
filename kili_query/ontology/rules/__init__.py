"""The checks of names against an ontology: one to a file, one code to each, `check(use, ontology)` their form."""
