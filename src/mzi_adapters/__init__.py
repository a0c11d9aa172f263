"""How the world is reached: the adapters behind the core's ports, and the contract suites that pin them."""
