"""The same inbox as a plain Django REST Framework service, written as a Django developer would write it."""
