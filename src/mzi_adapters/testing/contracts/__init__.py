"""What every adapter of a port must do, as test suites to subclass; nothing here needs a test framework.

`class TestMine(StoreContract)` over a fixture `store` is the whole binding of a third adapter.
"""
