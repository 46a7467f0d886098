# CPU by default. For an NVIDIA GPU:
#   docker build --build-arg MAVEN_PROFILES=-Pcuda .
# CUDA's libraries come with libtorch; the host needs NVIDIA's driver and container toolkit.
FROM maven:3.9-eclipse-temurin-17 AS build
ARG MAVEN_PROFILES=""
WORKDIR /src
COPY . .
RUN mvn -B -ntp ${MAVEN_PROFILES} -Dmaven.test.skip=true package

FROM eclipse-temurin:17-jre
RUN apt-get update && apt-get install -y --no-install-recommends curl libgomp1 && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --create-home --home-dir /var/lib/heterospec heterospec \
    && mkdir /var/lib/heterospec/state /var/lib/heterospec/keys \
    && chown heterospec:heterospec /var/lib/heterospec/state /var/lib/heterospec/keys
WORKDIR /opt/heterospec
COPY --from=build /src/topology/target/heterospec.jar ./
COPY --from=build /src/topology/target/lib ./lib
COPY model ./model
USER heterospec
# Spinning OpenMP barriers are ten times slower as soon as anything else needs a core.
ENV OMP_WAIT_POLICY=passive OPT_OUT_TRACKING=true JAVA_TOOL_OPTIONS=-Xmx1g \
    NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility
ENTRYPOINT ["java", "-Dheterospec.home=/opt/heterospec", "-cp", "heterospec.jar:lib/*", "io.heterospec.topology.cli.HeteroSpec"]
