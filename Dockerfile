# A slim image with headless OpenCV: opencv-python needs libGL and GLib, which slim images lack.
#   docker build -t perceptgraph .
#   docker run --rm -v "$PWD/outputs:/perceptgraph/outputs" perceptgraph
#   docker run --rm perceptgraph perceptgraph doctor
# pip's own settings can be handed to the build, for instance a package index with the smaller
# torch wheels that know no CUDA: --build-arg PIP_EXTRA_INDEX_URL=...
FROM python:3.11-slim

ARG PIP_INDEX_URL
ARG PIP_EXTRA_INDEX_URL
ENV PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PYTHONUNBUFFERED=1 \
    MPLBACKEND=Agg \
    OMP_NUM_THREADS=1 \
    OPENCV_FOR_THREADS_NUM=1

WORKDIR /perceptgraph

# Exactly one OpenCV distribution: two overwrite each other. So the dependencies are installed with
# the headless one in place of opencv-python, and the package itself without its dependencies.
COPY pyproject.toml ./
RUN python -c "import tomllib; \
wanted = tomllib.load(open('pyproject.toml', 'rb'))['project']['dependencies']; \
print('\n'.join(w.replace('opencv-python', 'opencv-python-headless') for w in wanted))" \
        > requirements.txt \
    && pip install --requirement requirements.txt \
    && rm requirements.txt

COPY . .
RUN pip install --no-deps --editable . \
    && dvc config --local core.no_scm true \
    && perceptgraph doctor

CMD ["dvc", "repro"]
