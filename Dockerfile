# The service in an image, which takes a key first, as nobody is let in without beyond loopback:
# docker build --tag limbic .
# docker run --rm --volume limbic:/var/lib/limbic --entrypoint limbic limbic key create --scope admin
# docker run --publish 8080:8080 --volume limbic:/var/lib/limbic limbic

ARG DEBIAN=bookworm

FROM swift:6.3-${DEBIAN} AS build
WORKDIR /source
# What changes seldom comes first: the system's libraries, then the packages, then the code.
COPY .ci/install .ci/install
RUN .ci/install build
COPY Package.swift ./
RUN swift package resolve
COPY Sources Sources
COPY Tests Tests
RUN swift build -c release --product limbic --static-swift-stdlib
COPY Migrations /image/usr/local/share/limbic/Migrations
COPY Public /image/usr/local/share/limbic/Public
RUN cp --recursive Public/vendor /image/usr/local/share/limbic/Public/
RUN install -D .build/release/limbic /image/usr/local/bin/limbic

FROM debian:${DEBIAN}-slim
COPY .ci/install /usr/local/lib/limbic/install
RUN /usr/local/lib/limbic/install runtime \
    && rm -rf /var/lib/apt/lists/* /usr/local/lib/limbic \
    && useradd --uid 10001 --no-create-home --home-dir /var/lib/limbic --shell /usr/sbin/nologin limbic \
    && install --directory --owner limbic --group limbic --mode 750 /var/lib/limbic
COPY --from=build /image /

USER limbic
WORKDIR /usr/local/share/limbic
ENV LIMBIC_DATA_DIR=/var/lib/limbic LIMBIC_HOST=0.0.0.0 LIMBIC_PORT=8080
VOLUME /var/lib/limbic
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
    CMD curl --silent --fail --output /dev/null "http://127.0.0.1:$LIMBIC_PORT/v2/health/live"
# The workers of a training end with the service: it must see the signal that stops the container, so no shell is between.
ENTRYPOINT ["limbic", "serve"]
