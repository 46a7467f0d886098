package io.heterospec.topology.generate;

import io.heterospec.schemas.GenerationProgress;
import io.heterospec.schemas.PendingGeneration;
import io.heterospec.schemas.PromptEvent;
import io.heterospec.topology.session.NumberedEntries;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.Queue;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;

/**
 * The generations of one task that have no completion yet. Requests and progress lie in
 * changelogged stores, apart from each other and progress appended, so that a token's cost does not
 * grow with the text. In memory are only their places, queued by session in the order of their
 * records: the head of a queue is ready to run, the others wait for it. Those that are ready go as
 * the engine admits them: higher priority first, then the earlier deadline, then age.
 */
final class PendingWork {
  private static final long NO_DEADLINE = Long.MAX_VALUE;

  // Enough to queue a generation, so that a backlog of long prompts is not held.
  private record Place(String requestId, int priority, long deadlineMs, long offset) {
    // Offsets begin anew where the topic was made anew; ids tell the places apart.
    static final Comparator<Place> BY_AGE =
        Comparator.comparingLong(Place::offset).thenComparing(Place::requestId);
    static final Comparator<Place> BY_DEADLINE =
        Comparator.comparingLong(Place::deadlineMs).thenComparing(BY_AGE);
    static final Comparator<Place> FAIR =
        Comparator.comparingInt(Place::priority).reversed().thenComparing(BY_DEADLINE);

    static Place of(PendingGeneration generation) {
      PromptEvent prompt = generation.getRequest().getPrompt();
      return new Place(
          prompt.getRequestId(),
          prompt.getPriority(),
          PendingWork.deadlineMs(prompt),
          generation.getOrigin().getOffset());
    }
  }

  private final KeyValueStore<String, PendingGeneration> pending;
  private final NumberedEntries<GenerationProgress> progress;
  private final Map<String, Place> places = new HashMap<>();
  private final Map<String, Queue<Place>> queues = new HashMap<>();
  private final NavigableSet<Place> ready = new TreeSet<>(Place.FAIR);
  // Those that wait and have published nothing: an end with text is the engine's to make.
  private final NavigableSet<Place> due = new TreeSet<>(Place.BY_DEADLINE);

  PendingWork(
      KeyValueStore<String, PendingGeneration> pending,
      KeyValueStore<String, GenerationProgress> progress) {
    this.pending = pending;
    this.progress = new NumberedEntries<>(progress);
    NavigableMap<Place, String> restored = new TreeMap<>(Place.BY_AGE);
    try (KeyValueIterator<String, PendingGeneration> all = pending.all()) {
      while (all.hasNext()) {
        PendingGeneration generation = all.next().value;
        restored.put(Place.of(generation), queueKey(generation));
      }
    }
    restored.forEach(this::queue);
  }

  boolean contains(String requestId) {
    return pending.get(requestId) != null;
  }

  PendingGeneration get(String requestId) {
    return pending.get(requestId);
  }

  void add(PendingGeneration generation) {
    update(generation);
    queue(Place.of(generation), queueKey(generation));
  }

  /** Replaces the stored form of a generation that keeps its place. */
  void update(PendingGeneration generation) {
    pending.put(generation.getRequest().getPrompt().getRequestId(), generation);
  }

  /** The first of the heads that were not started; null when there is none. */
  String nextReady() {
    return ready.isEmpty() ? null : ready.first().requestId();
  }

  /**
   * A generation whose deadline has passed while it waited, the longest overdue first; null when
   * there is none.
   */
  String nextOverdue(long nowMs) {
    return due.isEmpty() || due.first().deadlineMs() > nowMs ? null : due.first().requestId();
  }

  /** Notes that a ready generation runs. */
  void started(String requestId) {
    Place place = places.get(requestId);
    ready.remove(place);
    due.remove(place);
  }

  /** Notes that a generation runs no more, and waits until it is made ready {@link #again}. */
  void stopped(String requestId) {
    awaitDeadline(places.get(requestId));
  }

  /** Makes a generation ready once more, unless it is over by now. */
  void again(String requestId) {
    Place place = places.get(requestId);
    if (place != null) {
      ready.add(place);
    }
  }

  int size() {
    return places.size();
  }

  /** Whether a turn of a session waits or runs. */
  boolean hasTurnOf(String sessionId) {
    return queues.containsKey(sessionKey(sessionId));
  }

  void append(String requestId, GenerationProgress step) {
    progress.put(requestId, step.getTokenOffset(), step);
  }

  Progress progress(String requestId) {
    Progress sum = new Progress();
    try (KeyValueIterator<String, GenerationProgress> steps = progress.of(requestId)) {
      while (steps.hasNext()) {
        sum.restore(steps.next().value);
      }
    }
    return sum;
  }

  /** Removes a generation that is over, with its progress. */
  void remove(PendingGeneration generation) {
    String id = generation.getRequest().getPrompt().getRequestId();
    pending.delete(id);
    progress.delete(id);
    Place place = places.remove(id);
    ready.remove(place);
    due.remove(place);
    Queue<Place> queue = queues.get(queueKey(generation));
    boolean head = place.equals(queue.peek());
    queue.remove(place);
    if (queue.isEmpty()) {
      queues.remove(queueKey(generation));
    } else if (head) {
      ready.add(queue.peek());
    }
  }

  private void queue(Place place, String queueKey) {
    places.put(place.requestId(), place);
    Queue<Place> queue = queues.computeIfAbsent(queueKey, key -> new ArrayDeque<>());
    queue.add(place);
    if (queue.size() == 1) {
      ready.add(place);
    }
    awaitDeadline(place);
  }

  private void awaitDeadline(Place place) {
    if (place.deadlineMs() != NO_DEADLINE && !hasProgress(place.requestId())) {
      due.add(place);
    }
  }

  /** Milliseconds since the epoch; {@link Long#MAX_VALUE} for never. */
  static long deadlineMs(PromptEvent prompt) {
    return prompt.getDeadline() == null ? NO_DEADLINE : prompt.getDeadline().toEpochMilli();
  }

  /** Whether something of a generation's text was published. */
  boolean hasProgress(String requestId) {
    try (KeyValueIterator<String, GenerationProgress> steps = progress.of(requestId)) {
      return steps.hasNext();
    }
  }

  // Prefixed, so that a session and a request without one never share a queue by name.
  private static String queueKey(PendingGeneration generation) {
    PromptEvent prompt = generation.getRequest().getPrompt();
    return prompt.getSessionId() == null
        ? "r:" + prompt.getRequestId()
        : sessionKey(prompt.getSessionId());
  }

  private static String sessionKey(String sessionId) {
    return "s:" + sessionId;
  }
}
