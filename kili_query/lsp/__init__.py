"""A language server: diagnostics, fixes, completion, hover, formatting and renaming for category searches in editors.

`kili_query.lsp.server` needs the extra ``lsp``.
"""
