class DemoCityError(Exception):
    """A fictitious city cannot be served; one line that names the thing and the remedy."""


class BadCity(DemoCityError):
    def __init__(self, city: str, fault: str) -> None:
        super().__init__(f"demo_city/{city}: {fault}")
        self.city = city


class PortTaken(DemoCityError):
    def __init__(self, port: int) -> None:
        super().__init__(f"port {port} is in use: choose another with --port")
        self.port = port
