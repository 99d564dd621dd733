"""Atelier: explore, train, evaluate and try image classifiers. ``streamlit run streamlit_app.py``

This file is read in two ways. The server imports it once, for ``app``: the pages together with what
``pages/session/web.py`` adds to them. Then it runs as a script, as the tests run it, whenever
somebody looks at a page. The frame of the pages is in ``pages/session/frame.py``, as a page may
have to draw it too.
"""

if __name__ == "__main__":
    from pages.session import frame

    frame.run()
else:
    import streamlit as st

    from pages.session import web

    app = st.App(__file__, lifespan=web.lifespan, routes=web.routes(), middleware=web.middleware())
