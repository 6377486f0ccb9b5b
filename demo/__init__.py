"""The sample marketplace of the one-machine stack: people, sentences and sessions. Not part of the product.

It plays another service: notifications go in through the SDK and everything else over REST, so what works
here works for any service of the marketplace.
"""
