"""Atelier: explore, train, evaluate and try image classifiers. ``streamlit run streamlit_app.py``

The frame is in ``pages/session/frame.py``, as a page may have to draw it too.
"""

from pages.session import frame

frame.run()
