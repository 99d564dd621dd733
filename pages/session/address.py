"""The address of the app that others open, for links and QR codes on the wall."""

from urllib.parse import urlsplit

import streamlit as st

from core.classroom import links
from core.settings import settings
from pages.session.cookies import base


def app_url() -> str:
    """Return the address at which others reach the app, as far as can be known from here.

    ``ATELIER_URL`` says it best. Else it is the one that the visitor has opened; a teacher who sits
    at the server itself has opened ``localhost``, which is another computer for everyone else.

    Raises:
        SettingsError: ``ATELIER_URL`` has a value that cannot work.
    """
    told = settings().url
    if told is not None:
        return told
    seen = urlsplit(st.context.url or "")
    if seen.hostname and not links.is_here(seen.hostname):
        return f"{seen.scheme}://{seen.netloc}{base()}"
    port = seen.port or st.get_option("server.port")
    address = st.get_option("server.address") or ""
    return links.url_of("localhost" if links.is_here(address) else address, port, base())


def is_for_others(url: str) -> bool:
    """Tell whether another computer can open an address of the app at all."""
    return not links.is_here(urlsplit(url).hostname or "localhost")
