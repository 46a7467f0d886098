package io.heterospec.topology.cli;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.DoubleBinaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Looks at a process of a cluster from outside: /proc, its collector's log, its files, its HTTP.
 */
final class InstanceProbe {
  static final int MOST_SESSIONS = 1000;

  private static final double MIB = 1 << 20;
  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final Pattern COLLECTED = Pattern.compile("->(\\d+)M\\(");

  private final ChildProcess process;
  private final Path state;
  private final String url;
  private final HttpClient client = HttpClient.newBuilder().connectTimeout(PATIENCE).build();

  /**
   * @param state its directory of local state
   * @param url where it serves HTTP
   */
  InstanceProbe(ChildProcess process, Path state, String url) {
    this.process = process;
    this.state = state;
    this.url = url;
  }

  /** Whether it serves HTTP and has its tasks. */
  boolean isReady() throws InterruptedException {
    try {
      return get("/health/ready").statusCode() == 200;
    } catch (IOException e) {
      return false; // not yet
    }
  }

  SoakSample sample(double seconds, int completions) throws IOException, InterruptedException {
    process.collectGarbage();
    String metrics = get("/metrics").body();
    double[] files = files();
    return new SoakSample(
        seconds,
        completions,
        status("VmRSS") / 1024,
        heap(),
        status("Threads"),
        files[0],
        files[1] / MIB,
        Json.MAPPER
            .readTree(get("/sessions?scope=local&limit=" + MOST_SESSIONS).body())
            .path("sessions")
            .size(),
        value(metrics, "heterospec_pending", "", Double::sum),
        value(metrics, "heterospec_consumer_lag", "", Double::sum),
        // The consumer that restores stores polls only where there is something to restore.
        value(metrics, "kafka_consumer_time_between_poll_max", "-1-consumer\"", Math::max));
  }

  private HttpResponse<String> get(String path) throws IOException, InterruptedException {
    return client.send(
        HttpRequest.newBuilder(URI.create(url + path)).timeout(PATIENCE).build(),
        HttpResponse.BodyHandlers.ofString());
  }

  // Linux only: elsewhere these are not known.
  private double status(String field) throws IOException {
    Path status = Path.of("/proc", Long.toString(process.pid()), "status");
    if (!Files.exists(status)) {
      return Double.NaN;
    }
    try (Stream<String> lines = Files.lines(status)) {
      return lines
          .filter(line -> line.startsWith(field + ':'))
          .mapToDouble(line -> Double.parseDouble(line.replaceAll("\\D+", "")))
          .findFirst()
          .orElse(Double.NaN);
    }
  }

  private double heap() throws IOException {
    double after = Double.NaN;
    Matcher collected = COLLECTED.matcher(Files.readString(process.collectorLog()));
    while (collected.find()) {
      after = Double.parseDouble(collected.group(1));
    }
    return after;
  }

  private double[] files() throws IOException {
    double[] sum = new double[2];
    try (Stream<Path> all = Files.walk(state)) {
      for (Path file : all.filter(each -> each.toString().contains("rocksdb")).toList()) {
        if (Files.isRegularFile(file)) {
          sum[0]++;
          sum[1] += size(file);
        }
      }
    }
    return sum;
  }

  private static long size(Path file) throws IOException {
    try {
      return Files.size(file);
    } catch (NoSuchFileException e) {
      return 0; // a compaction was faster
    }
  }

  private static double value(
      String metrics, String name, String label, DoubleBinaryOperator merge) {
    return metrics
        .lines()
        .filter(line -> line.startsWith(name) && line.contains(label))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
        .reduce(merge)
        .orElse(0);
  }
}
