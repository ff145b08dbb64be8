"""A page in the browser that shows what a query means and which labels match.

`kili_query.page.calls` answers what the page asks, and `kili_query.page.plain` holds labels in memory for it; both need
nothing beyond the package itself. `kili_query.page.server` serves the page on this machine, and needs the extra
``page``.
"""
