"""SQL over labels that reading and writing share."""

__all__ = ["KIND"]

KIND = (
    "CASE WHEN {table}.label_type IN ('DEFAULT', 'REVIEW', 'AUTOSAVE') THEN '' "
    "ELSE {table}.label_type || ':' || coalesce({table}.model_name, '') END"
)
"""What labels of one author compete for being the latest: what people made, or what one model made for one purpose."""
