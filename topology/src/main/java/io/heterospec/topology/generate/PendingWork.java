package io.heterospec.topology.generate;

import io.heterospec.schemas.GenerationProgress;
import io.heterospec.schemas.PendingGeneration;
import io.heterospec.schemas.PromptEvent;
import io.heterospec.topology.session.NumberedEntries;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;

/**
 * The generations of one task that have no completion yet. Requests and progress lie in
 * changelogged stores, apart from each other and progress appended, so that a token's cost does not
 * grow with the text. In memory are only the ids, queued by session in the order of their records:
 * the head of a queue is ready to run, the others wait for it.
 */
final class PendingWork {
  // Of a restored generation: enough to queue it, so that a backlog of long prompts is not held.
  private record Place(long offset, String queueKey, String requestId) {}

  private final KeyValueStore<String, PendingGeneration> pending;
  private final NumberedEntries<GenerationProgress> progress;
  private final Map<String, Queue<String>> queues = new HashMap<>();
  private final Set<String> ready = new LinkedHashSet<>();
  private int size;

  PendingWork(
      KeyValueStore<String, PendingGeneration> pending,
      KeyValueStore<String, GenerationProgress> progress) {
    this.pending = pending;
    this.progress = new NumberedEntries<>(progress);
    List<Place> restored = new ArrayList<>();
    try (KeyValueIterator<String, PendingGeneration> all = pending.all()) {
      while (all.hasNext()) {
        PendingGeneration generation = all.next().value;
        PromptEvent prompt = generation.getRequest().getPrompt();
        restored.add(
            new Place(generation.getOrigin().getOffset(), queueKey(prompt), prompt.getRequestId()));
      }
    }
    restored.sort(Comparator.comparingLong(Place::offset));
    restored.forEach(place -> queue(place.queueKey(), place.requestId()));
  }

  boolean contains(String requestId) {
    return pending.get(requestId) != null;
  }

  PendingGeneration get(String requestId) {
    return pending.get(requestId);
  }

  void add(PendingGeneration generation) {
    update(generation);
    PromptEvent prompt = generation.getRequest().getPrompt();
    queue(queueKey(prompt), prompt.getRequestId());
  }

  /** Replaces the stored form of a generation that keeps its place. */
  void update(PendingGeneration generation) {
    pending.put(generation.getRequest().getPrompt().getRequestId(), generation);
  }

  /** The longest ready of the heads that were not started; null when there is none. */
  String nextReady() {
    Iterator<String> first = ready.iterator();
    return first.hasNext() ? first.next() : null;
  }

  /** Notes that a ready generation runs. */
  void started(String requestId) {
    ready.remove(requestId);
  }

  /** Makes a generation ready once more, unless it is over by now. */
  void again(String requestId) {
    if (contains(requestId)) {
      ready.add(requestId);
    }
  }

  int size() {
    return size;
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
    PromptEvent prompt = generation.getRequest().getPrompt();
    String id = prompt.getRequestId();
    pending.delete(id);
    progress.delete(id);
    ready.remove(id);
    size--;
    Queue<String> queue = queues.get(queueKey(prompt));
    boolean head = id.equals(queue.peek());
    queue.remove(id);
    if (queue.isEmpty()) {
      queues.remove(queueKey(prompt));
    } else if (head) {
      ready.add(queue.peek());
    }
  }

  private void queue(String queueKey, String requestId) {
    Queue<String> queue = queues.computeIfAbsent(queueKey, key -> new ArrayDeque<>());
    queue.add(requestId);
    size++;
    if (queue.size() == 1) {
      ready.add(requestId);
    }
  }

  // Prefixed, so that a session and a request without one never share a queue by name.
  private static String queueKey(PromptEvent prompt) {
    return prompt.getSessionId() == null
        ? "r:" + prompt.getRequestId()
        : "s:" + prompt.getSessionId();
  }
}
