# Atelier as a container: docs/DEPLOY.md, "In a container". compose.yaml starts it.
FROM python:3.13-slim-trixie

# No font, tool or library of the system is needed: the wheels bring what they use.
WORKDIR /app
COPY requirements.lock ./
# --build-arg GPU=1 brings NVIDIA's libraries, some gigabytes, in the versions that TensorFlow asks for.
ARG GPU=""
RUN pip install --no-cache-dir --disable-pip-version-check --root-user-action=ignore \
        --requirement requirements.lock ${GPU:+"tensorflow[and-cuda]"}

# The user that the app runs as, 1000 as Hugging Face has it, and the one folder that it writes to.
RUN useradd --uid 1000 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin atelier \
    && install --directory --owner=atelier --group=atelier /data

COPY .streamlit/config.toml .streamlit/
COPY streamlit_app.py LICENSE ./
COPY hosting/health.py hosting/
COPY assets assets/
COPY static static/
COPY core core/
COPY pages pages/
# Now, as nothing can be written here later.
RUN python -m compileall -q core pages hosting

# All that is written: below /data, and what is only needed for a moment below /tmp.
# The port is the one that Hugging Face expects; compose.yaml publishes it as 8501. Without an address
# for browsers, Streamlit would ask the internet for the machine's own.
ENV ATELIER_HOME=/data \
    KERAS_HOME=/data/keras \
    HOME=/tmp \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    TF_CPP_MIN_LOG_LEVEL=2 \
    STREAMLIT_SERVER_ADDRESS=0.0.0.0 \
    STREAMLIT_BROWSER_SERVER_ADDRESS=localhost \
    STREAMLIT_SERVER_PORT=7860
VOLUME ["/data"]
EXPOSE 7860
USER 1000:1000

HEALTHCHECK --interval=30s --timeout=6s --start-period=60s --retries=3 \
    CMD ["python", "-m", "hosting.health"]
CMD ["python", "-m", "streamlit", "run", "streamlit_app.py"]
