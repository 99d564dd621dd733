"""The addresses that people open: of this server, of a class, and the teacher's link."""

import ipaddress
import socket

ANY = ("", "0.0.0.0", "::")  # a server that listens there is reached by its computer's own address


def join_link(url: str, code: str) -> str:
    """Return the link that lets students into a class."""
    return f"{url}/join/{code}"


def teacher_link(url: str, token: str) -> str:
    """Return the link that makes a browser the teacher's."""
    return f"{url}/teach/{token}"


def url_of(address: str, port: int, path: str = "") -> str:
    """Return the address at which others reach a server.

    Args:
        address: that it listens at.
        port: that it listens at.
        path: below which the app is, such as ``/atelier``.
    """
    host = (network_address() or "localhost") if address in ANY else address
    shown = f"[{host}]" if ":" in host else host
    below = path.strip("/")
    return f"http://{shown}:{port}{'/' if below else ''}{below}"


def network_address() -> str | None:
    """Return this computer's address on its network; None if it is on none.

    Nothing is sent: the system only says which of its addresses it would send from.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # an address that nobody has (RFC 5737)
        except OSError:
            return None
        found: str = probe.getsockname()[0]
    return None if is_here(found) or found == "0.0.0.0" else found


def is_here(host: str) -> bool:
    """Tell whether a host's name is one that each computer has for itself."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
