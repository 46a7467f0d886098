package io.heterospec.topology.cli;

import io.heterospec.schemas.PromptEvent;
import io.heterospec.schemas.RoutedRequest;
import io.heterospec.topology.Avro;
import io.heterospec.topology.HeteroSpecConfig;
import io.heterospec.topology.TopicCreator;
import io.heterospec.topology.client.EventReader;
import io.heterospec.topology.client.PromptPublisher;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.serialization.Deserializer;

/**
 * A load on a cluster to which faults happen. First every script is answered undisturbed: that is
 * the text that all others must have. Then faults of each kind follow one another while requests
 * are under way; each is over when all that it interrupted has gone on.
 */
final class ChaosRun {
  private static final Duration STEP = Duration.ofMillis(50);
  private static final Duration TAKEOVER = ChaosCluster.SESSION_TIMEOUT.plusSeconds(5);
  private static final Duration LIMIT = Duration.ofSeconds(120);
  private static final Duration LAST_LOOK = Duration.ofSeconds(2);
  private static final int IN_FLIGHT = 48;

  /**
   * A fault that happened.
   *
   * @param recoverySeconds until everything under way had gone on; negative when it did not
   */
  record Strike(ChaosFault fault, String instance, double recoverySeconds) {}

  /**
   * @param violations one sentence for each broken promise
   */
  record Outcome(List<Strike> strikes, List<String> violations) {}

  private final ChaosCluster cluster;
  private final ChaosLoad load;
  private final ChaosHistory history;
  private final Consumer<String> progress;
  private final Queue<ChaosLoad.Turn> waiting = new ArrayDeque<>();
  private final List<Strike> strikes = new ArrayList<>();
  private int published;

  /**
   * @param cluster not started yet
   * @param history empty
   * @param progress is told what happens
   */
  ChaosRun(ChaosCluster cluster, ChaosLoad load, ChaosHistory history, Consumer<String> progress) {
    this.cluster = cluster;
    this.load = load;
    this.history = history;
    this.progress = progress;
  }

  /**
   * Runs everything.
   *
   * @param prompts requests disturbed
   * @param faults how many
   * @throws IllegalStateException when not even an undisturbed run works
   */
  Outcome run(int prompts, int faults) throws InterruptedException {
    cluster.startServers();
    TopicCreator.ensure(cluster.config());
    try (HistoryReader reader =
            new HistoryReader(EventReader.ofAnswers(cluster.config()), history);
        PromptPublisher publisher = new PromptPublisher(cluster.config())) {
      cluster.startApplication();
      waiting.addAll(load.reference());
      int undisturbed = waiting.size();
      if (!await(() -> history.ended() == undisturbed, LIMIT, null, reader, publisher)) {
        throw new IllegalStateException("the run without faults did not end; nothing was tested");
      }
      Map<String, String> expected = history.texts();
      progress.accept("%d prompts answered without faults".formatted(undisturbed));
      waiting.addAll(load.conversations("chaos", prompts));
      int all = undisturbed + prompts;
      for (int i = 0; i < faults; i++) {
        int due = undisturbed + i * prompts / (faults + 1);
        await(
            () ->
                (history.ended() >= due && !history.underWay().isEmpty()) || history.ended() == all,
            LIMIT,
            null,
            reader,
            publisher);
        strike(i, reader, publisher);
      }
      await(() -> history.ended() == all && published == all, LIMIT, null, reader, publisher);
      await(() -> false, LAST_LOOK, null, reader, publisher); // what comes too often comes now
      addDeadLetters();
      return new Outcome(List.copyOf(strikes), violations(expected));
    }
  }

  private void strike(int number, HistoryReader reader, PromptPublisher publisher)
      throws InterruptedException {
    ChaosFault fault = ChaosFault.values()[number % ChaosFault.values().length];
    String instance = cluster.instances().get(number % cluster.instances().size());
    Map<String, Integer> before = history.underWay();
    long start = System.nanoTime();
    fault.strike(cluster, instance);
    BooleanSupplier recovered = () -> history.allWentOn(before);
    boolean over = await(recovered, TAKEOVER, fault.down(instance), reader, publisher);
    double seconds = (System.nanoTime() - start) / 1e9;
    fault.repair(cluster, instance);
    if (!over) {
      over = await(recovered, LIMIT, null, reader, publisher);
      seconds = (System.nanoTime() - start) / 1e9;
    }
    strikes.add(new Strike(fault, instance, over ? seconds : -1));
    progress.accept(
        "%s on %s with %d requests under way: %s"
            .formatted(
                fault,
                instance,
                before.size(),
                over ? "recovered in %.1f s".formatted(seconds) : "did not recover"));
  }

  private boolean await(
      BooleanSupplier condition,
      Duration limit,
      String down,
      HistoryReader reader,
      PromptPublisher publisher)
      throws InterruptedException {
    long end = System.nanoTime() + limit.toNanos();
    int ended = history.ended();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > end) {
        return false;
      }
      if (history.ended() > ended && limit.equals(LIMIT)) {
        ended = history.ended();
        end = System.nanoTime() + limit.toNanos(); // slow is not stuck
      }
      reader.check();
      publish(publisher);
      cluster.supervise(down);
      Thread.sleep(STEP.toMillis());
    }
    return true;
  }

  private void publish(PromptPublisher publisher) throws InterruptedException {
    while (!waiting.isEmpty() && published - history.ended() < IN_FLIGHT) {
      ChaosLoad.Turn turn = waiting.poll();
      history.publishing(turn.published());
      publisher.publish(turn.prompt());
      published++;
    }
  }

  private void addDeadLetters() {
    HeteroSpecConfig config = cluster.config();
    try (DeadLetterQueue queue = new DeadLetterQueue(config);
        Deserializer<SpecificRecord> values =
            new Avro(config.clientSettings()).deserializer(SpecificRecord.class)) {
      for (DeadLetter letter : queue.read(true, 0)) {
        Object value = values.deserialize(letter.sourceTopic(), letter.record().value());
        if (value instanceof PromptEvent prompt) {
          history.onDeadLetter(prompt.getRequestId());
        } else if (value instanceof RoutedRequest request) {
          history.onDeadLetter(request.getPrompt().getRequestId());
        }
      }
    }
  }

  private List<String> violations(Map<String, String> expected) {
    List<String> violations = new ArrayList<>(history.violations(expected));
    for (Strike strike : strikes) {
      if (strike.recoverySeconds() < 0) {
        violations.add("%s on %s: no recovery".formatted(strike.fault(), strike.instance()));
      }
    }
    return violations;
  }
}
