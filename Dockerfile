FROM maven:3.9-eclipse-temurin-17 AS build
WORKDIR /src
COPY . .
RUN mvn -B -ntp -Dmaven.test.skip=true package

FROM eclipse-temurin:17-jre
RUN apt-get update && apt-get install -y --no-install-recommends libgomp1 && rm -rf /var/lib/apt/lists/* \
    && useradd --system --create-home --home-dir /var/lib/heterospec heterospec
WORKDIR /opt/heterospec
COPY --from=build /src/topology/target/heterospec.jar ./
COPY --from=build /src/topology/target/lib ./lib
COPY model ./model
COPY compose.properties ./
USER heterospec
# Spinning OpenMP barriers are ten times slower as soon as anything else needs a core.
ENV OMP_WAIT_POLICY=passive OPT_OUT_TRACKING=true
ENTRYPOINT ["java", "-Xmx1g", "-Dheterospec.home=/opt/heterospec", "-cp", "heterospec.jar:lib/*", "io.heterospec.topology.cli.HeteroSpec"]
