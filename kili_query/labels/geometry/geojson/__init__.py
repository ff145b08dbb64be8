"""Between annotations on maps and GeoJSON (RFC 7946): ``x`` is the longitude, ``y`` the latitude, in degrees."""
