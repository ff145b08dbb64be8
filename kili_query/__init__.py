"""Ask precise questions of labeled data: the compiler for category searches."""
