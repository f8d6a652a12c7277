"""The catalogue that members search: sections, shops, percents, and how long a hold takes."""
