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
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.LongStream;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.serialization.Deserializer;

/**
 * A load on a cluster to which faults happen. First every script is answered undisturbed: that is
 * the text that all others must have. Then faults follow one another while requests are under way;
 * each is over when all that it interrupted has gone on.
 */
final class ChaosRun {
  private static final Duration STEP = Duration.ofMillis(50);
  private static final Duration TAKEOVER = ChaosCluster.SESSION_TIMEOUT.plusSeconds(5);
  private static final Duration LIMIT = Duration.ofMinutes(2);
  private static final Duration LAST_LOOK = Duration.ofSeconds(2);

  // What an instance committed before it was killed has been read by then.
  private static final Duration LAST_WORDS = Duration.ofMillis(500);

  /**
   * A fault that happened.
   *
   * @param recoverySeconds until everything under way had gone on; negative when it did not
   * @param takeover of an instance that was killed; null for other faults
   */
  record Strike(ChaosFault fault, String instance, double recoverySeconds, Takeover takeover) {}

  /**
   * @param violations one sentence for each broken promise
   */
  record Outcome(List<Strike> strikes, List<String> violations) {}

  private interface Condition {
    boolean holds() throws InterruptedException;
  }

  private final ChaosCluster cluster;
  private final ChaosLoad load;
  private final ChaosHistory history;
  private final Consumer<String> progress;
  private final Queue<ChaosLoad.Turn> waiting = new ArrayDeque<>();
  private final List<Strike> strikes = new ArrayList<>();
  private int published;
  private int quota; // of what is published at present
  private int inFlight;
  private CheckedTail reader;
  private PromptPublisher publisher;
  private ChaosGroup group;

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
   * Runs everything, once.
   *
   * @throws IllegalStateException when not even an undisturbed run works
   */
  Outcome run(ChaosPlan plan) throws InterruptedException {
    cluster.startServers();
    TopicCreator.ensure(cluster.config());
    inFlight = plan.inFlight();
    try (CheckedTail answers =
            new CheckedTail("history-reader", EventReader.ofAnswers(cluster.config()), history);
        PromptPublisher prompts = new PromptPublisher(cluster.config());
        ChaosGroup members = cluster.group()) {
      reader = answers;
      publisher = prompts;
      group = members;
      cluster.startApplication();
      waiting.addAll(load.reference());
      int undisturbed = waiting.size();
      quota = undisturbed;
      if (!await(() -> history.ended() == undisturbed, LIMIT, null)) {
        throw new IllegalStateException("the run without faults did not end; nothing was tested");
      }
      Map<String, String> expected = history.texts();
      progress.accept("%d prompts answered without faults".formatted(undisturbed));
      disturb(plan, undisturbed);
      addDeadLetters();
      return new Outcome(List.copyOf(strikes), violations(expected));
    }
  }

  private void disturb(ChaosPlan plan, int undisturbed) throws InterruptedException {
    waiting.addAll(load.conversations("chaos", plan.prompts()));
    int all = undisturbed + plan.prompts();
    int faults = plan.faults().size();
    for (int i = 0; i < faults; i++) {
      int due = undisturbed + i * plan.prompts() / (faults + 1);
      // The rest is kept back, so that the last faults find work, too.
      quota = undisturbed + Math.min(i + 2, faults + 1) * plan.prompts() / (faults + 1);
      ChaosFault fault = plan.faults().get(i);
      List<String> inTurn = new ArrayList<>(cluster.instances());
      Collections.rotate(inTurn, -i);
      String[] busy = {null};
      await(
          () -> {
            busy[0] = history.ended() >= due ? busy(fault, inTurn) : null;
            return busy[0] != null || history.ended() == quota;
          },
          LIMIT,
          null);
      strike(fault, busy[0] == null ? inTurn.get(0) : busy[0]);
    }
    quota = all;
    await(() -> history.ended() == all && published == all, LIMIT, null);
    await(() -> false, LAST_LOOK, null); // what comes too often comes now
  }

  // The instance to strike, null while none has work. Of one that is killed the work itself is
  // wanted: which sessions fall to it is chance. What is far from its end will not have ended when
  // the kill arrives.
  private String busy(ChaosFault fault, List<String> inTurn) throws InterruptedException {
    if (!fault.kills()) {
      return history.underWay().isEmpty() ? null : inTurn.get(0);
    }
    Map<ChaosHistory.Published, Integer> begun = history.underWay(load.maxTokens() / 2);
    for (String instance : begun.isEmpty() ? List.<String>of() : inTurn) {
      if (!ofPartitions(begun, group.partitions(instance)).isEmpty()) {
        return instance;
      }
    }
    return null;
  }

  private Map<ChaosHistory.Published, Integer> ofPartitions(
      Map<ChaosHistory.Published, Integer> requests, Set<Integer> partitions) {
    Map<ChaosHistory.Published, Integer> some = new HashMap<>(requests);
    some.keySet().removeIf(request -> !partitions.contains(group.partition(request)));
    return some;
  }

  private void strike(ChaosFault fault, String instance) throws InterruptedException {
    String down = fault.down(instance);
    Set<Integer> partitions = fault.kills() ? group.partitions(instance) : Set.of();
    Map<ChaosHistory.Published, Integer> before = history.underWay();
    long start = System.nanoTime();
    fault.strike(cluster, instance);
    if (fault.kills()) {
      await(() -> false, LAST_WORDS, down);
      before = history.underWay();
    }
    Map<ChaosHistory.Published, Integer> interrupted = before;
    double[] reassigned = {Double.NaN};
    boolean over =
        await(
            () -> {
              if (Double.isNaN(reassigned[0])
                  && group.partitionsOfOthers(instance).containsAll(partitions)) {
                reassigned[0] = secondsSince(start);
              }
              return history.allWentOn(interrupted);
            },
            TAKEOVER,
            down);
    double seconds = secondsSince(start);
    fault.repair(cluster, instance);
    if (!over) {
      over = await(() -> history.allWentOn(interrupted), LIMIT, null);
      seconds = secondsSince(start);
    }
    Takeover takeover = null;
    if (fault.kills()) {
      long[] wentOn = history.wentOnAt(ofPartitions(interrupted, partitions));
      takeover =
          Takeover.of(
              reassigned[0], LongStream.of(wentOn).mapToDouble(at -> (at - start) / 1e9).toArray());
    }
    strikes.add(new Strike(fault, instance, over ? seconds : -1, takeover));
    progress.accept(
        "%s on %s with %d requests under way: %s%s"
            .formatted(
                fault,
                instance,
                interrupted.size(),
                over ? "recovered in %.1f s".formatted(seconds) : "did not recover",
                takeover == null ? "" : "; " + takeover));
  }

  private static double secondsSince(long start) {
    return (System.nanoTime() - start) / 1e9;
  }

  private boolean await(Condition condition, Duration limit, String down)
      throws InterruptedException {
    long end = System.nanoTime() + limit.toNanos();
    int ended = history.ended();
    while (!condition.holds()) {
      if (System.nanoTime() > end) {
        return false;
      }
      if (history.ended() > ended && limit.equals(LIMIT)) {
        ended = history.ended();
        end = System.nanoTime() + limit.toNanos(); // slow is not stuck
      }
      reader.check();
      publish();
      cluster.supervise(down);
      Thread.sleep(STEP.toMillis());
    }
    return true;
  }

  private void publish() throws InterruptedException {
    while (published < quota && published - history.ended() < inFlight) {
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
