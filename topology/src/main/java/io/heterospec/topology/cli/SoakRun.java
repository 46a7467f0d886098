package io.heterospec.topology.cli;

import io.heterospec.schemas.PromptEvent;
import io.heterospec.topology.TopicCreator;
import io.heterospec.topology.client.EventReader;
import io.heterospec.topology.client.PromptPublisher;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.function.Consumer;

/** One instance under a load of short conversations, looked at from time to time. */
final class SoakRun {
  private static final Duration POLL = Duration.ofMillis(20);
  private static final Duration START_LIMIT = Duration.ofSeconds(90);
  private static final int WARM_UP = 32;

  /**
   * How long and how much.
   *
   * @param prompts requests at most
   * @param time that the load lasts at most; what is under way then is still waited for
   * @param interval between samples; also the window of Kafka's own metrics
   * @param cold whether the instance starts after the first requests were published, and nothing
   *     warms it up
   */
  record Plan(int prompts, Duration time, int inFlight, Duration interval, boolean cold) {}

  /**
   * @param failed completions with an error
   * @param surplus completions of requests that were not open
   */
  record Outcome(
      int published, int completions, int failed, int surplus, List<SoakSample> samples) {

    /** Whether every request ended once, and none with an error. */
    boolean everyRequestEndedOnceAndWell() {
      return completions == published && failed == 0 && surplus == 0;
    }
  }

  private final ChaosCluster cluster;
  private final ChaosLoad load;
  private final Plan plan;
  private final Consumer<SoakSample> progress;
  private final List<SoakSample> samples = new ArrayList<>();
  private final Queue<ChaosLoad.Turn> waiting = new ArrayDeque<>();
  private SoakRequests requests = new SoakRequests();
  private int conversations;

  /**
   * @param cluster of one instance, not started yet
   * @param progress is told of every sample
   */
  SoakRun(ChaosCluster cluster, ChaosLoad load, Plan plan, Consumer<SoakSample> progress) {
    this.cluster = cluster;
    this.load = load;
    this.plan = plan;
    this.progress = progress;
  }

  /**
   * Runs everything, once.
   *
   * @throws IllegalStateException when the instance does not start, ends, or does not answer any
   *     more
   */
  Outcome run() throws InterruptedException, IOException {
    cluster.startServers();
    TopicCreator.ensure(cluster.config());
    try (EventReader reader = EventReader.ofCompletions(cluster.config());
        PromptPublisher publisher = new PromptPublisher(cluster.config())) {
      if (plan.cold()) {
        publish(publisher, plan.prompts(), plan.inFlight());
      }
      cluster.startApplication();
      InstanceProbe probe = cluster.probe(cluster.instances().get(0));
      awaitReady(probe);
      if (!plan.cold()) {
        warmUp(reader, publisher);
        // Kafka keeps a maximum for three intervals at most: the start is not to be among them.
        Thread.sleep(plan.interval().multipliedBy(3).toMillis());
      }
      long start = System.nanoTime();
      long due = 0;
      while (isLoading(start) || requests.open() > 0) {
        double seconds = (System.nanoTime() - start) / 1e9;
        if (seconds >= due) {
          sample(probe, seconds);
          due += plan.interval().toSeconds();
        }
        if (isLoading(start)) {
          publish(publisher, plan.prompts(), plan.inFlight());
        }
        reader.poll(POLL, requests);
        requests.requireNews(System.nanoTime());
      }
      reader.poll(POLL, requests); // anything that comes too often comes now
      sample(probe, (System.nanoTime() - start) / 1e9);
      return new Outcome(
          requests.published(),
          requests.completions(),
          requests.failed(),
          requests.surplus(),
          List.copyOf(samples));
    }
  }

  // The first requests load classes and schemas, which takes a stream thread a second.
  private void warmUp(EventReader reader, PromptPublisher publisher) {
    long end = System.nanoTime() + START_LIMIT.toNanos();
    publish(publisher, WARM_UP, WARM_UP);
    while (requests.open() > 0) {
      if (System.nanoTime() > end) {
        throw new IllegalStateException(
            "the first %d prompts were not answered".formatted(WARM_UP));
      }
      reader.poll(POLL, requests);
    }
    requests = new SoakRequests();
  }

  private static void awaitReady(InstanceProbe probe) throws InterruptedException {
    long end = System.nanoTime() + START_LIMIT.toNanos();
    while (!probe.isReady()) {
      if (System.nanoTime() > end) {
        throw new IllegalStateException("the instance did not get ready");
      }
      Thread.sleep(POLL.toMillis());
    }
  }

  private boolean isLoading(long start) {
    return requests.published() < plan.prompts()
        && System.nanoTime() - start < plan.time().toNanos();
  }

  private void sample(InstanceProbe probe, double seconds)
      throws InterruptedException, IOException {
    SoakSample sample = probe.sample(seconds, requests.completions());
    samples.add(sample);
    progress.accept(sample);
  }

  private void publish(PromptPublisher publisher, int prompts, int inFlight) {
    while (requests.open() < inFlight && requests.published() < prompts) {
      if (waiting.isEmpty()) {
        waiting.addAll(load.conversation("soak", conversations++));
      }
      // Not waited for: the consumer's end of the pipe tells whether it arrived.
      PromptEvent prompt = waiting.poll().prompt();
      requests.publishing(prompt.getRequestId());
      publisher.send(prompt, Map.of());
    }
  }
}
