"""Models, data and training behind Atelier.

This package knows nothing of Streamlit and could serve a notebook as well. TensorFlow is imported
only inside functions, or in the modules that say so in their first line, so that importing
``core`` never costs the seconds that TensorFlow needs.
"""
